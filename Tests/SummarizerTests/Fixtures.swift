import Foundation
import TestFixtures
import Testing

/// The tiny models: ../shared/fixtures where it is, else the part of it in Tests/Fixtures.
enum Fixtures {
    /// A folder of `t5-tiny`, or `bart-tiny`.
    static func find(
        _ path: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        let parts = path.split(separator: "/", maxSplits: 1).map(String.init)
        return try TestFiles.find(
            parts.count > 1 ? parts[1] : "", of: parts[0], sourceLocation: sourceLocation)
    }

    /// A file of the repository's own fixtures, which ../shared has not.
    static func committed(_ path: String) -> String { TestFiles.own("Tests/Fixtures/\(path)") }

    static let summary = TestFiles.own("Models/summary")

    /// The configuration of a model with some keys set, or taken out by a null.
    static func configuration(
        of path: String, file: String = "config.json", _ changes: [String: Any]
    ) throws -> Data {
        let data = try TestFiles.data("\(path)/\(file)")
        let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        let changed = object.merging(changes) { $1 }.filter { !($0.value is NSNull) }
        return try JSONSerialization.data(withJSONObject: changed)
    }
}

/// What the reference computed: `golden.json` and the arrays beside it.
struct Golden {
    struct Input: Decodable {
        let name: String
        let text: String
        let ids: [Int32]
        let labels: [Int32]
    }

    struct Decoded: Decodable {
        let sequences: [[Int32]]
    }

    private struct File: Decodable {
        let inputs: [Input]
        let decoded: [String: [String: Decoded]]
    }

    let inputs: [Input]
    private let decoded: [String: [String: Decoded]]
    private let arrays: Arrays

    /// - Parameter folder: of a fixture.
    init(_ folder: String) throws {
        let json = try TestFiles.data("\(folder)/golden.json")
        let file = try JSONDecoder().decode(File.self, from: json)
        inputs = file.inputs
        decoded = file.decoded
        arrays = try Arrays("\(folder)/golden.safetensors")
    }

    /// The decoder's logits at every label, which is shifted right behind the start token.
    func logits(_ input: String) -> [[Float]] { arrays["\(input).decoder_logits"].rows }

    /// What greedy search writes, the start token first.
    func greedy(_ input: String) -> [Int32] { decoded["greedy"]?[input]?.sequences[0] ?? [] }
}
