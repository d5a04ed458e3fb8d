import Foundation

/// A plugin in one file of C, built when it is first needed.
struct ExamplePlugin: Sendable {
    /// Bytes in, bytes out, as fast as they come.
    static let markov = ExamplePlugin("Examples/markov.c")
    /// As slow as its settings say, and without a chat template.
    static let tally = ExamplePlugin("Tests/Support/Plugins/tally.c")
    /// The same with an encoder: it reads a text and writes letters of it.
    static let reader = ExamplePlugin("Tests/Support/Plugins/tally.c", macro: "ENCODER")
    /// Vectors, scores, labels and tasks out of the words of a text.
    static let wordbag = ExamplePlugin("Tests/Support/Plugins/wordbag.c")

    /// Writes what its script says.
    static let script = ExamplePlugin("Tests/Support/Plugins/script.c")

    /// Images of hills, without weights.
    static let painter = ExamplePlugin("Tests/Support/Plugins/painter.c")

    /// Vectors, scores, labels and a task of its own, which misbehave as their settings say.
    static let vectors = ExamplePlugin("Tests/Support/Plugins/vectors.c")

    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    let source: String
    /// The library's path.
    let library: Result<String, any Error>

    private init(_ file: String, macro: String? = nil) {
        source = Self.root.appending(path: file).path
        library = Result { try Self.build(file, macro) }
    }

    struct BuildFailed: Error {
        let output: String
    }

    private static func build(_ file: String, _ macro: String?) throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "roost-host-tests-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let stem = URL(filePath: file).deletingPathExtension().lastPathComponent
        let library = folder.appending(path: "lib\(stem)\(macro ?? "").so").path
        let compiler = Process()
        let output = Pipe()
        compiler.executableURL = URL(filePath: "/usr/bin/env")
        compiler.currentDirectoryURL = root
        compiler.arguments = [
            "cc", "-std=gnu11", "-O2", "-shared", "-fPIC", "-fvisibility=hidden",
            "-I", "Sources/PluginABI/include", "-Wl,--version-script=Plugins/exports.map",
            "-o", library, file, "-lm",
        ]
        if let macro { compiler.arguments?.append("-D\(macro)") }
        compiler.standardError = output
        try compiler.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        compiler.waitUntilExit()
        guard compiler.terminationStatus == 0 else { throw BuildFailed(output: text) }
        return library
    }
}
