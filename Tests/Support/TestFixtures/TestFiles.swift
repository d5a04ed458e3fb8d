package import Foundation
package import Testing

/// Where the files are that tests read: the large ones of ../shared, where that is, and the repository's own.
package enum TestFiles {
    package static let root: URL = {
        var url = URL(fileURLWithPath: #filePath)
        while !exists(url.appendingPathComponent("Package.swift")) {
            url.deleteLastPathComponent()
        }
        return url
    }()

    private static let shared = root.deletingLastPathComponent().appendingPathComponent("shared")

    /// `ROOST_FIXTURES=required`: what is missing fails a test that is skipped otherwise.
    private static let areRequired =
        ProcessInfo.processInfo.environment["ROOST_FIXTURES"] == "required"

    private static func exists(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.path)
    }

    package static func data(_ path: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path))
    }

    /// A file or folder of the repository.
    package static func own(_ path: String) -> String { root.appendingPathComponent(path).path }
}

// MARK: - What may be missing

extension TestFiles {
    /// A file or folder of a fixture: of ../shared/fixtures, else of Tests/Fixtures. A test that asks for one
    /// that is in neither fails or is skipped, as for `shared`.
    package static func find(
        _ path: String, of fixture: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        let name = "\(fixture)/\(path)"
        let own = root.appendingPathComponent("Tests/Fixtures/\(name)")
        return try exists(own) && !exists(shared.appendingPathComponent("fixtures/\(name)"))
            ? own.path
            : shared("fixtures/\(name)", sourceLocation: sourceLocation)
    }

    /// A file or folder of ../shared. Where it is missing, the test that asks for it is skipped, or fails
    /// if fixtures are required.
    package static func shared(
        _ path: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        let url = shared.appendingPathComponent(path)
        if exists(url) { return url.path }
        // Outside of a test nobody can be told; the tests that ask again are.
        if areRequired || Test.current == nil { throw MissingFile(path: url.path) }
        try skip("../shared/\(path) is not here", sourceLocation: sourceLocation)
    }

    /// The folder of the real all-MiniLM-L6-v2, which nobody has to have.
    package static func miniLM(
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        let folder =
            ProcessInfo.processInfo.environment["ROOST_MINILM"] ?? own("Models/all-MiniLM-L6-v2")
        if exists(URL(fileURLWithPath: "\(folder)/model.safetensors")) { return folder }
        try skip(
            "no all-MiniLM-L6-v2 in \(folder): Tools/fetch-minilm.py gets it",
            sourceLocation: sourceLocation)
    }

    /// Ends the test, or this case of it, and says why.
    private static func skip(_ reason: String, sourceLocation: SourceLocation) throws -> Never {
        // The end of one case among others is not reported.
        if Test.Case.current?.isParameterized == true {
            Issue.record("skipped: \(reason)", severity: .warning, sourceLocation: sourceLocation)
        }
        try Test.cancel("\(reason)", sourceLocation: sourceLocation)
    }
}

struct MissingFile: Error, CustomStringConvertible {
    let path: String

    var description: String {
        "no \(path), which ROOST_FIXTURES=required asks for; without it the test is skipped"
    }
}
