import Foundation
import TestFixtures
import Testing

/// The tiny models: ../shared/fixtures where it is, else the part of it in Tests/Fixtures.
enum Fixtures {
    /// A file or folder of llama-tiny, or of `decoders-tiny/`.
    static func find(
        _ path: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        let others = "decoders-tiny"
        if path.hasPrefix(others) {
            return try TestFiles.find(
                String(path.dropFirst(others.count + 1)), of: others,
                sourceLocation: sourceLocation)
        }
        return try TestFiles.find(path, of: "llama-tiny", sourceLocation: sourceLocation)
    }

    /// A file of the real stories260K.
    static func stories(
        _ name: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        try TestFiles.shared("models/stories260K/\(name)", sourceLocation: sourceLocation)
    }

    /// A folder with links to the files of a fixture, some left out, some written again.
    static func copy(
        of fixture: String, without: [String] = [], writing files: [String: Data] = [:]
    ) throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("llama-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let source = try find(fixture)
        for name in try FileManager.default.contentsOfDirectory(atPath: source)
        where !without.contains(name) && files[name] == nil && !name.hasSuffix(".gguf") {
            try FileManager.default.createSymbolicLink(
                atPath: folder.appendingPathComponent(name).path,
                withDestinationPath: "\(source)/\(name)")
        }
        for (name, data) in files {
            try data.write(to: folder.appendingPathComponent(name))
        }
        return folder.path
    }
}

/// What the reference computed: `golden.json` and the arrays beside it.
struct Golden {
    struct Prompt: Decodable {
        let name: String
        let text: String
        let ids: [Int32]
        let logits: String
        let logitsPositions: [Int]
        let argmaxLast: Int32
        let greedyIds: [Int32]
        let minMargin: Float
    }

    private struct File: Decodable {
        let prompts: [Prompt]
    }

    let prompts: [Prompt]
    private let arrays: [String: Arrays.Array]

    /// - Parameter path: within llama-tiny and without extension: `base/golden-f16`.
    init(_ path: String) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let json = try TestFiles.data(Fixtures.find("\(path).json"))
        prompts = try decoder.decode(File.self, from: json).prompts
        arrays = try Arrays(Fixtures.find("\(path).safetensors")).arrays
    }

    /// The rows of an array.
    func rows(_ name: String) -> [[Float]] { arrays[name]?.rows ?? [] }
}
