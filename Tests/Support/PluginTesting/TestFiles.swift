package import Foundation

/// Where the files are that tests read: ../shared, where it is, and the repository's own.
package enum TestFiles {
    package static let root: URL = {
        var url = URL(fileURLWithPath: #filePath)
        while !exists(url.appendingPathComponent("Package.swift")) {
            url.deleteLastPathComponent()
        }
        return url
    }()

    package static let shared = root.deletingLastPathComponent().appendingPathComponent("shared")

    /// A file or folder of a fixture: of ../shared/fixtures, else of Tests/Fixtures; `nil` where it is
    /// in neither.
    package static func find(_ path: String, of fixture: String) -> String? {
        let places = [
            shared.appendingPathComponent("fixtures/\(fixture)"),
            root.appendingPathComponent("Tests/Fixtures/\(fixture)"),
        ]
        return places.map { $0.appendingPathComponent(path) }.first(where: exists)?.path
    }

    package static func exists(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.path)
    }

    package static func data(_ path: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path))
    }
}
