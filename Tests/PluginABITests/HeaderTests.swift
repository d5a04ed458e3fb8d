import FoundationEssentials
import Glibc
import Testing

/// The header as plugin authors compile it: in every language it promises.
@Suite struct HeaderTests {
    @Test(arguments: [
        ["cc", "-x", "c", "-std=c99"],
        ["cc", "-x", "c", "-std=c11"],
        ["cc", "-x", "c", "-std=c17"],
        ["clang", "-x", "c", "-std=c99"],
        ["clang", "-x", "c", "-std=c11"],
        ["clang", "-x", "c", "-std=c17"],
        ["c++", "-x", "c++", "-std=c++17"],
        ["clang++", "-x", "c++", "-std=c++17"],
    ])
    func compilesWithoutWarningsOrPadding(compiler: [String]) throws {
        let warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wpadded", "-Werror"]
        let status = try run(
            compiler + warnings + ["-I", headerFolder, "-include", "roost_plugin.h"]
                + ["-fsyntax-only", "/dev/null"])
        #expect(status == 0)
    }

    /// An author includes those of the plugin's own extensions.
    @Test(arguments: ["cc -x c -std=c99", "c++ -x c++ -std=c++17"])
    func everyHeaderCompilesByItself(compiler: String) throws {
        let folder = headerFolder + "/roost"
        let headers = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(headers.contains("vectors.h"))
        let words = compiler.split(separator: " ").map(String.init)
        for header in headers {
            let status = try run(
                words + ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-include"]
                    + ["\(folder)/\(header)", "-fsyntax-only", "/dev/null"])
            #expect(status == 0, "\(header)")
        }
    }

    @Test func theWrittenDescriptionAgreesWithTheHeader() throws {
        #expect(try run(["python3", headerFolder + "/../abi.py"]) == 0)
    }

    /// Two sides spell the same bits in Swift: whoever changes one in the header alone is told where.
    @Test(arguments: [
        ("ROOST_ERR_SEQ_LOST = 2u", "ROOST_ERR_SEQ_LOST = 16u"),
        ("\"roost.vectors/1\"", "\"roost.vectors/2\""),
        ("ROOST_BEST_SCORE = 100", "ROOST_BEST_SCORE = 10"),
    ])
    func aConstantThatChangesIsNoLongerThatOfTheSwiftTypes(from old: String, to new: String) throws
    {
        let copy = try CopiedSources()
        defer { copy.remove() }
        try copy.replace(old, with: new)
        let report = copy.folder + "/report"
        let check = "python3 \(copy.folder)/PluginABI/abi.py > \(report) 2>&1"
        #expect(try run(["sh", "-c", check]) != 0)
        let found = try String(contentsOfFile: report, encoding: .utf8)
        for file in ["PluginKit/ABI+Generated.swift", "PluginHost/Model/ABI+Generated.swift"] {
            #expect(found.contains("--- \(file)"))
        }
    }

    /// A name nobody gave in Swift is asked for, so that no constant is left out.
    @Test func aConstantWithoutASwiftNameIsRefused() throws {
        let copy = try CopiedSources()
        defer { copy.remove() }
        try copy.replace(
            "ROOST_BEST_SCORE = 100", with: "ROOST_BEST_SCORE = 100, ROOST_ODD_ONE = 1")
        #expect(
            try run(["sh", "-c", "python3 \(copy.folder)/PluginABI/abi.py --write 2> /dev/null"])
                != 0)
    }

    private var headerFolder: String {
        URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/PluginABI/include").standardizedFileURL.path
    }

    private func run(_ words: [String]) throws -> Int32 {
        var process = pid_t()
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        try #require(posix_spawnp(&process, words[0], nil, nil, &arguments, environ) == 0)
        var status: Int32 = 0
        try #require(waitpid(process, &status, 0) == process)
        return status
    }
}

/// What abi.py reads and writes, in a folder of its own.
private struct CopiedSources {
    let folder: String

    init() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources").standardizedFileURL
        let copy = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        folder = copy.path
        for path in [
            "PluginABI", "PluginKit/ABI+Generated.swift", "PluginHost/Model/ABI+Generated.swift",
        ] {
            let target = copy.appending(path: path)
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: sources.appending(path: path), to: target)
        }
    }

    /// Replaces a text in the one header that has it.
    func replace(_ old: String, with new: String) throws {
        let headers = folder + "/PluginABI/include/roost"
        let paths = try FileManager.default.contentsOfDirectory(atPath: headers)
            .map { "\(headers)/\($0)" }
        let path = try #require(
            try paths.first { try String(contentsOfFile: $0, encoding: .utf8).contains(old) })
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacing(old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: folder)
    }
}
