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

    @Test func theWrittenDescriptionAgreesWithTheHeader() throws {
        #expect(try run(["python3", headerFolder + "/../abi.py"]) == 0)
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
