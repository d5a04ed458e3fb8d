import Foundation
import TestFixtures
import Testing

/// The tiny models: ../shared/fixtures where it is, else the part of it in Tests/Fixtures.
enum Fixtures {
    /// A file or folder of bert-tiny.
    static func find(
        _ path: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        try TestFiles.find(path, of: "bert-tiny", sourceLocation: sourceLocation)
    }

    static func data(_ path: String) throws -> Data { try TestFiles.data(path) }
}

/// `config.json` of a fixture with some keys set, or gone where the value is null.
func configuration(of fixture: String, _ changes: [String: Any]) throws -> Data {
    let file = try Fixtures.data("\(Fixtures.find(fixture))/config.json")
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
