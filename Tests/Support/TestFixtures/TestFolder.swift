package import Foundation

/// A directory of its own, gone with the value.
package final class TestFolder {
    package let path: String

    /// - Parameters:
    ///   - source: a directory whose files are linked to, but for those left out or written again.
    package init(
        copying source: String? = nil, without: [String] = [], writing files: [String: Data] = [:]
    ) throws {
        path = FileManager.default.temporaryDirectory.path + "/roost-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        if let source {
            for name in try FileManager.default.contentsOfDirectory(atPath: source)
            where !without.contains(name) && files[name] == nil {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(path)/\(name)", withDestinationPath: "\(source)/\(name)")
            }
        }
        for (name, data) in files {
            let file = URL(fileURLWithPath: "\(path)/\(name)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try data.write(to: file)
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
