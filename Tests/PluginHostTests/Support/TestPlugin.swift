import Glibc
import PluginHost
import Synchronization

/// The plugins of `Tests/Support/Plugins`, built on demand.
enum TestPlugin {
    private static let built = Mutex<[[String]: String]>([:])

    /// - Parameters:
    ///   - macros: such as `VERSION="2.0.0"`; each set is built once.
    ///   - name: the source's, without its ending.
    /// - Returns: the library's path.
    static func library(_ macros: [String] = [], of name: String = "tally") throws -> String {
        try built.withLock { built in
            if let path = built[macros + [name]] { return path }
            let path = "\(TestFolder.shared.path)/lib\(name)\(built.count).so"
            try compile(name, macros, to: path)
            built[macros + [name]] = path
            return path
        }
    }

    /// A file that the plugin takes for a model.
    static let model: String = {
        let path = "\(TestFolder.shared.path)/model.tally"
        writeText("tally", to: path)
        return path
    }()

    private static func compile(_ name: String, _ macros: [String], to path: String) throws {
        let compiler = ["clang", "cc"].first { run(["/usr/bin/env", $0, "--version"]).status == 0 }
        let result = run(
            [
                "/usr/bin/env", compiler ?? "cc", "-std=gnu11", "-O1", "-fPIC", "-shared",
                "-fvisibility=hidden",
                "-I", "\(packageRoot)/Sources/PluginABI/include",
            ]
                + macros.map { "-D\($0)" }
                + ["\(packageRoot)/Tests/Support/Plugins/\(name).c", "-o", path, "-lm"])
        guard result.status == 0 else { throw BuildFailure(output: result.output) }
    }

    struct BuildFailure: Error {
        let output: String
    }
}

/// A folder of this run that goes with it.
final class TestFolder: Sendable {
    static let shared = TestFolder()
    let path: String

    init() {
        var template = Array("/tmp/roost-test-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
        let path = path
        Self.removeAtExit.withLock { $0.append(path) }
        _ = Self.registered
    }

    private static let removeAtExit = Mutex<[String]>([])
    private static let registered: Void = {
        atexit {
            for folder in TestFolder.removeAtExit.withLock({ $0 }) {
                _ = run(["/bin/rm", "-rf", folder])
            }
        }
    }()

    /// A path in the folder that nothing else uses.
    func unique(_ name: String) -> String {
        "\(path)/\(UInt64.random(in: 0 ... .max))-\(name)"
    }
}

let packageRoot: String = {
    var parts = #filePath.split(separator: "/")
    while let last = parts.popLast(), last != "Tests" {}
    return "/" + parts.joined(separator: "/")
}()

/// The folder of what the package builds.
let productFolder: String = {
    var path = [UInt8](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &path, path.count)
    let parts = String(decoding: path[..<max(0, count)], as: UTF8.self).split(separator: "/")
    return "/" + parts.dropLast().joined(separator: "/")
}()

func writeText(_ text: String, to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    _ = text.withCString { write(descriptor, $0, strlen($0)) }
    close(descriptor)
}

/// Runs a program to its end.
func run(_ arguments: [String]) -> (status: Int32, output: String) {
    guard let pipe = popen(arguments.map { "'\($0)'" }.joined(separator: " ") + " 2>&1", "r") else {
        return (-1, "")
    }
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&chunk, 1, chunk.count, pipe), count > 0 {
        output.append(contentsOf: chunk[..<count])
    }
    return (pclose(pipe), String(decoding: output, as: UTF8.self))
}
