import Foundation

/// The tiny models: ../shared/fixtures where it is, else the part of it in Tests/Fixtures; and the
/// real MiniLM where somebody has fetched it.
enum Fixtures {
    static let root: URL = {
        var url = URL(fileURLWithPath: #filePath)
        while !exists(url.appendingPathComponent("Package.swift")) {
            url.deleteLastPathComponent()
        }
        return url
    }()

    static let shared = root.deletingLastPathComponent().appendingPathComponent("shared")

    /// A file or folder of bert-tiny; `nil` where it is not.
    static func find(_ path: String) -> String? {
        let places = [
            shared.appendingPathComponent("fixtures/bert-tiny"),
            root.appendingPathComponent("Tests/Fixtures/bert-tiny"),
        ]
        return places.map { $0.appendingPathComponent(path) }.first(where: exists)?.path
    }

    static func has(_ path: String) -> Bool { find(path) != nil }

    /// What the reference computed of the real MiniLM.
    static var miniLMGolden: String? {
        let directory = shared.appendingPathComponent("fixtures/minilm-golden")
        return exists(directory) ? directory.path : nil
    }

    static var miniLM: String? {
        let places = [
            ProcessInfo.processInfo.environment["ROOST_MINILM"].map(URL.init(fileURLWithPath:)),
            root.appendingPathComponent("Models/all-MiniLM-L6-v2"),
        ]
        return places.compactMap(\.self)
            .first { exists($0.appendingPathComponent("model.safetensors")) }?.path
    }

    private static func exists(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.path)
    }

    static func data(_ path: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path))
    }
}

/// A directory of its own, gone with the value.
final class TestFolder {
    let path: String

    /// - Parameters:
    ///   - source: a directory whose files are linked to, but for those left out or written anew.
    init(
        copying source: String? = nil, without: [String] = [], writing files: [String: Data] = [:]
    ) throws {
        path = FileManager.default.temporaryDirectory.path + "/bert-\(UUID().uuidString)"
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

/// `config.json` of a fixture with some keys set, or gone where the value is null.
func configuration(of fixture: String, _ changes: [String: Any]) throws -> Data {
    let file = try Fixtures.data("\(Fixtures.find(fixture)!)/config.json")
    let object = try JSONSerialization.jsonObject(with: file) as? [String: Any] ?? [:]
    let changed = object.merging(changes) { $1 }.filter { !($0.value is NSNull) }
    return try JSONSerialization.data(withJSONObject: changed)
}

/// The arrays of a safetensors file.
struct Arrays {
    struct Array: Sendable {
        let shape: [Int]
        let floats: [Float]

        /// Along the first axis.
        var rows: [[Float]] {
            let width = shape.dropFirst().reduce(1, *)
            return (0..<(shape.first ?? 0)).map {
                Swift.Array(floats[$0 * width..<($0 + 1) * width])
            }
        }
    }

    private(set) var arrays: [String: Array] = [:]

    init(_ path: String) throws {
        let file = try Fixtures.data(path)
        let length = Int(file.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.1) << (8 * $1.0) })
        let header = try JSONSerialization.jsonObject(with: file[8..<8 + length])
        guard let entries = header as? [String: [String: Any]] else { return }
        for (name, entry) in entries {
            guard let shape = entry["shape"] as? [Int], let type = entry["dtype"] as? String,
                let offsets = entry["data_offsets"] as? [Int]
            else { continue }
            let bytes = file[8 + length + offsets[0]..<8 + length + offsets[1]]
            arrays[name] = Array(shape: shape, floats: Self.floats(bytes, type))
        }
    }

    subscript(_ name: String) -> Array { arrays[name]! }

    private static func floats(_ bytes: Data, _ type: String) -> [Float] {
        bytes.withUnsafeBytes { bytes in
            switch type {
            case "F32":
                (0..<bytes.count / 4).map {
                    bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
                }
            case "F16":
                (0..<bytes.count / 2).map {
                    Float(bytes.loadUnaligned(fromByteOffset: 2 * $0, as: Float16.self))
                }
            case "I64":
                (0..<bytes.count / 8).map {
                    Float(bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self))
                }
            default: []
            }
        }
    }
}

/// What the reference computed: `golden.json` and the arrays beside it.
struct Golden<Description: Decodable> {
    let description: Description
    let arrays: Arrays

    init(_ directory: String, as type: Description.Type = Description.self) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        description = try decoder.decode(
            type, from: Fixtures.data("\(directory)/golden.json"))
        arrays = try Arrays("\(directory)/golden.safetensors")
    }
}

/// The largest absolute difference; infinite when the shapes differ or a number is not one.
func largestDifference(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).reduce(0) { largest, pair in
        let difference = abs(pair.0 - pair.1)
        return difference.isNaN ? .infinity : max(largest, difference)
    }
}

func largestDifference(_ found: [[Float]], _ expected: [[Float]]) -> Float {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).map { largestDifference($0, $1) }.max() ?? 0
}
