import Glibc
import PluginHost

/// Measures a plugin below the engine and prints a line of JSON; `run.py` calls it.
///
///     Bench forward LIBRARY MODEL COUNT
///     Bench tokenize LIBRARY MODEL COUNT TEXT
///     Bench embed LIBRARY MODEL ISOLATION SETTINGS
@main
enum Main {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == "worker" { WorkerMain.run() }
        do {
            if let line = try measure(arguments) { print(line) }
        } catch {
            print("Bench: \(error)")
            exit(1)
        }
    }

    private static func measure(_ arguments: [String]) throws -> String? {
        switch (arguments.first, arguments.count) {
        case ("forward", 4):
            let bench = try Bench(library: arguments[1], model: arguments[2])
            return try bench.forward(count: value(arguments[3]))
        case ("tokenize", 5):
            let bench = try Bench(library: arguments[1], model: arguments[2])
            return try bench.tokenize(arguments[4], count: value(arguments[3]))
        case ("embed", 5):
            let isolation = try value(arguments[3], Isolation.init(rawValue:))
            let bench = try Bench(library: arguments[1], model: arguments[2])
            try bench.embed(isolation, settings: arguments[4])
            return nil
        default:
            throw UsageError(
                text: "expected forward, tokenize or embed; see Benchmarks/README.md")
        }
    }

    private static func value(_ text: String) throws -> Int { try value(text) { Int($0) } }

    private static func value<T>(_ text: String, _ parse: (String) -> T?) throws -> T {
        guard let value = parse(text) else { throw UsageError(text: "'\(text)' is not understood") }
        return value
    }
}

struct UsageError: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}
