import Foundation
import TensorRuntime
import TestFixtures
import Testing

/// The repository's own files that tests read.
enum Fixtures {
    static func committed(_ path: String) -> URL {
        URL(filePath: TestFiles.own("Tests/Fixtures/\(path)"))
    }

    static func files(_ folder: URL) -> [URL] {
        let files = try? FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).sorted { $0.path < $1.path }
    }
}

/// A folder that is gone when the test is over.
final class Scratch {
    let folder = FileManager.default.temporaryDirectory
        .appending(path: "roost-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The path of a new file with these contents.
    func file(_ name: String, _ bytes: some Collection<UInt8>) throws -> String {
        let url = folder.appending(path: name)
        try Data(bytes).write(to: url)
        return url.path
    }
}

/// The arrays of a safetensors file of golden values.
struct GoldenArrays {
    private let checkpoint: Checkpoint

    init(_ file: URL) throws {
        let scratch = try Scratch()
        _ = try scratch.file("config.json", "{}".utf8)
        _ = try scratch.file("model.safetensors", Data(contentsOf: file))
        checkpoint = try Checkpoint.open(scratch.folder.path)
    }

    func tensor(_ name: String) throws -> Tensor {
        try #require(checkpoint.tensors[name], "no golden array '\(name)'").read()
    }
}
