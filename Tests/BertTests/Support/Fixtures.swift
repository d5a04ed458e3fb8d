import Foundation
import PluginTesting

/// The tiny models: ../shared/fixtures where it is, else the part of it in Tests/Fixtures; and the
/// real MiniLM where somebody has fetched it.
enum Fixtures {
    /// A file or folder of bert-tiny; `nil` where it is not.
    static func find(_ path: String) -> String? { TestFiles.find(path, of: "bert-tiny") }

    static func has(_ path: String) -> Bool { find(path) != nil }

    static func data(_ path: String) throws -> Data { try TestFiles.data(path) }

    /// What the reference computed of the real MiniLM.
    static var miniLMGolden: String? {
        let directory = TestFiles.shared.appendingPathComponent("fixtures/minilm-golden")
        return TestFiles.exists(directory) ? directory.path : nil
    }

    static var miniLM: String? {
        let places = [
            ProcessInfo.processInfo.environment["ROOST_MINILM"].map(URL.init(fileURLWithPath:)),
            TestFiles.root.appendingPathComponent("Models/all-MiniLM-L6-v2"),
        ]
        return places.compactMap(\.self)
            .first { TestFiles.exists($0.appendingPathComponent("model.safetensors")) }?.path
    }
}

/// `config.json` of a fixture with some keys set, or gone where the value is null.
func configuration(of fixture: String, _ changes: [String: Any]) throws -> Data {
    let file = try Fixtures.data("\(Fixtures.find(fixture)!)/config.json")
    let object = try JSONSerialization.jsonObject(with: file) as? [String: Any] ?? [:]
    let changed = object.merging(changes) { $1 }.filter { !($0.value is NSNull) }
    return try JSONSerialization.data(withJSONObject: changed)
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
