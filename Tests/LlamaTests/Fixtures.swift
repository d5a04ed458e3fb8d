import Foundation

/// The tiny models: ../shared/fixtures where it is, else the part of it in Tests/Fixtures.
enum Fixtures {
    static let root: URL = {
        var url = URL(fileURLWithPath: #filePath)
        while !exists(url.appendingPathComponent("Package.swift")) {
            url.deleteLastPathComponent()
        }
        return url
    }()

    static let shared = root.deletingLastPathComponent().appendingPathComponent("shared")

    /// A file or folder of llama-tiny; `nil` where it is not.
    static func find(_ path: String) -> String? {
        let places = [
            shared.appendingPathComponent("fixtures/llama-tiny"),
            root.appendingPathComponent("Tests/Fixtures/llama-tiny"),
        ]
        return places.map { $0.appendingPathComponent(path) }.first(where: exists)?.path
    }

    static func has(_ path: String) -> Bool { find(path) != nil }

    static var stories: String? {
        let directory = shared.appendingPathComponent("models/stories260K")
        return exists(directory) ? directory.path : nil
    }

    private static func exists(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.path)
    }

    /// A folder with links to the files of a fixture, some left out, some written anew.
    static func copy(
        of fixture: String, without: [String] = [], writing files: [String: Data] = [:]
    ) throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("llama-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let source = find(fixture)!
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

    private struct Array: Decodable {
        let shape: [Int]
        let dataOffsets: [Int]
    }

    let prompts: [Prompt]
    private let arrays: [String: [[Float]]]

    /// - Parameter path: within llama-tiny and without extension: `base/golden-f16`.
    init(_ path: String) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let json = try Data(contentsOf: URL(fileURLWithPath: Fixtures.find("\(path).json")!))
        prompts = try decoder.decode(File.self, from: json).prompts
        arrays = try Self.arrays(
            Data(contentsOf: URL(fileURLWithPath: Fixtures.find("\(path).safetensors")!)))
    }

    /// The rows of an array.
    func rows(_ name: String) -> [[Float]] { arrays[name] ?? [] }

    /// The states of a prompt after the last norm, the highest-numbered.
    func lastHidden(_ prompt: String) -> [[Float]]? {
        arrays.keys.filter { $0.hasPrefix("\(prompt).hidden.") }.max().flatMap { arrays[$0] }
    }

    private static func arrays(_ file: Data) throws -> [String: [[Float]]] {
        let length = Int(file.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.1) << (8 * $1.0) })
        let header = try JSONSerialization.jsonObject(with: file[8..<8 + length])
        guard let entries = header as? [String: [String: Any]] else { return [:] }
        var arrays: [String: [[Float]]] = [:]
        for (name, entry) in entries where entry["dtype"] as? String == "F32" {
            guard let shape = entry["shape"] as? [Int], shape.count == 2,
                let offsets = entry["data_offsets"] as? [Int]
            else { continue }
            let bytes = file[8 + length + offsets[0]..<8 + length + offsets[1]]
            let floats = bytes.withUnsafeBytes { bytes in
                (0..<bytes.count / 4).map {
                    bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
                }
            }
            arrays[name] = (0..<shape[0]).map {
                Swift.Array(floats[$0 * shape[1]..<($0 + 1) * shape[1]])
            }
        }
        return arrays
    }
}
