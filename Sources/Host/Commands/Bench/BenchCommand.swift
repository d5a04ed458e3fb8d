import ArgumentParser
import Engine
import FoundationEssentials
import JSON
import PluginHost

/// `roost bench`
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures how fast a model that writes text is here.",
        discussion: """
            Opens the model by itself, without a server: stop one that has it open, since both would share \
            the processor. Tokens per second are means of --rounds runs, with their standard deviation.
            """)

    @Argument(help: "A model of the settings file by name, or the path of one.")
    var model: String
    @Option(help: "Tokens of the prompt.") var prompt = 512
    @Option(help: "Tokens written after it.") var write = 128
    @Option(help: "Streams that write at the same time, separated by commas.")
    var streams = "1,4,8"
    @Option(help: "Tokens that a stream has read before it writes.") var depth = 0
    @Option(help: "Runs of every measure.") var rounds = 3
    @OptionGroup var config: ConfigOption
    @Flag(help: "Write the figures as JSON.") var json = false

    func validate() throws {
        for (name, value, least) in [
            ("prompt", prompt, 1), ("write", write, 1), ("depth", depth, 0), ("rounds", rounds, 1),
        ] where value < least {
            throw ValidationError("--\(name) is \(value), expected at least \(least)")
        }
        _ = try streamCounts()
    }

    private func streamCounts() throws -> [Int] {
        try streams.split(separator: ",", omittingEmptySubsequences: false).map { text in
            guard let count = Int(text), (1...256).contains(count) else {
                throw ValidationError("--streams is '\(streams)', expected numbers such as 1,4,8")
            }
            return count
        }
    }

    func run() async throws {
        let counts = try streamCounts()
        let report = try await BlockingThread.run("roost-bench") {
            try self.measure(counts)
        }
        StandardOutput.line(json ? report.json.serialized() : report.text)
    }

    private func measure(_ counts: [Int]) throws -> BenchReport {
        let settings = try config.read()
        let named = settings.models.first { $0.name == model }?.spec
        var spec = try named ?? ModelSpec(name: model, source: try path())
        spec.parallel = counts.max() ?? 1
        spec.context = max(prompt, depth + write) + 1
        let bench = try ModelBench(spec, plugins: settings.plugins.map(\.spec))
        defer { bench.close() }
        var report = BenchReport(
            model: spec.name, bench.identity, memorySpeed: MemorySpeed.bytesPerSecond())
        report.add(try bench.reading(prompt, rounds: rounds))
        for count in counts {
            report.add(try bench.writing(write, streams: count, depth: depth, rounds: rounds))
        }
        return report
    }

    private func path() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let path = Paths(file: "plugins.toml", environment: environment).absolute(model)
        guard !model.isEmpty, Paths.exists(path) else {
            throw ValidationError(
                "'\(model)' is neither a model of \(config.file) nor a file or a directory")
        }
        return path
    }
}

/// The figures of one run of `roost bench`.
struct BenchReport {
    private let model: String
    private let identity: ModelBench.Identity
    private let memorySpeed: Double
    private var figures: [ModelBench.Figure] = []

    init(model: String, _ identity: ModelBench.Identity, memorySpeed: Double) {
        self.model = model
        self.identity = identity
        self.memorySpeed = memorySpeed
    }

    mutating func add(_ figure: ModelBench.Figure) {
        figures.append(figure)
    }

    /// The part of the memory's speed that a step of every stream takes for the weights alone.
    private func share(_ figure: ModelBench.Figure) -> Double? {
        guard figure.test == .write, identity.bytes > 0, memorySpeed > 0 else { return nil }
        let steps = figure.mean / Double(figure.streams)
        return steps * Double(identity.bytes) / memorySpeed
    }

    var text: String {
        var table = TextTable(["TEST", "TOKENS", "STREAMS", "TOKENS/S", ""])
        for figure in figures {
            let speed = "\(figure.mean.inTenths) ± \(figure.deviation.inTenths)"
            let remark =
                figure.firstToken.map { "first token after \(($0.inSeconds * 1000).inTenths) ms" }
                ?? share(figure).map {
                    "\(Int(($0 * 100).rounded())) % of the memory's speed, for the weights"
                }
            table.add([
                figure.title, "\(figure.tokens)", "\(figure.streams)", speed, remark ?? "",
            ])
        }
        let size = (Double(identity.bytes) / 1e6).inTenths
        return """
            \(model): \(identity.family), \(size) MB, by \(identity.plugin), open after \
            \(identity.loadTime.inSeconds.inTenths) s; memory reads \((memorySpeed / 1e9).inTenths) GB/s
            \(table.text)
            """
    }

    var json: JSONValue {
        [
            "model": .string(model), "family": .string(identity.family),
            "plugin": .string(identity.plugin), "bytes": .integer(identity.bytes),
            "memory_bytes_per_second": .number(memorySpeed),
            "load_seconds": .number(identity.loadTime.inSeconds),
            "results": .array(
                figures.map { figure in
                    [
                        "test": .string(figure.test.rawValue), "tokens": .integer(figure.tokens),
                        "streams": .integer(figure.streams), "depth": .integer(figure.depth),
                        "tokens_per_second": .number(figure.mean),
                        "deviation": .number(figure.deviation),
                        "first_token_seconds": figure.firstToken.map { .number($0.inSeconds) }
                            ?? .null,
                        "memory_share": share(figure).map { .number($0) } ?? .null,
                    ]
                }),
        ]
    }
}

extension Double {
    fileprivate var inTenths: Double { (self * 10).rounded() / 10 }
}
