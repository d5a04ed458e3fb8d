import FoundationEssentials
import Glibc

/// A shared library that a test compiles from C in a folder of its own.
struct CompiledLibrary {
    let folder: String
    let path: String

    static let entry = """
        #pragma GCC visibility push(default)
        const void *roost_plugin_query_v1(unsigned minor) { return 0; }
        #pragma GCC visibility pop
        """

    init(
        _ source: String, named name: String = "libPlugin.so", flags: [String] = [],
        shared: Bool? = true
    ) throws {
        folder = TemporaryFolder.make()
        path = "\(folder)/\(name)"
        let file = "\(folder)/plugin.c"
        try source.write(toFile: file, atomically: true, encoding: .utf8)
        try Self.compile(
            (shared.map { [$0 ? "-shared" : "-pie"] } ?? [])
                + ["-fPIC", "-fvisibility=hidden", "-o", path, file] + flags)
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    private static func compile(_ arguments: [String]) throws {
        var process = pid_t()
        let words = ["cc"] + arguments
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { pointers.forEach { free($0) } }
        guard posix_spawnp(&process, "cc", nil, nil, &pointers, environ) == 0 else {
            throw CompilationError(words: words)
        }
        var status: Int32 = 0
        guard waitpid(process, &status, 0) == process, status == 0 else {
            throw CompilationError(words: words)
        }
    }

    struct CompilationError: Error { let words: [String] }
}

enum TemporaryFolder {
    static func make() -> String {
        var template = Array("/tmp/roost-test-XXXXXX".utf8CString)
        return mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
    }
}
