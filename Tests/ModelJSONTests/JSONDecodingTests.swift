import Foundation
import ModelJSON
import Testing

@Suite struct JSONDecodingTests {
    private struct Model: Codable, Equatable {
        struct Rotary: Codable, Equatable {
            var ropeTheta: Double
        }

        var hiddenSize: Int
        var normEps: Float?
        var isTied: Bool?
        var kind: String?
        var widths: [Int32]?
        var rotary: Rotary?
        var labels: [String: Int]?
    }

    private func decoded<Value: Decodable>(
        _ json: String, keys: JSONKeys = .fromSnakeCase
    ) throws -> Value {
        try JSON(parsing: Array(json.utf8)).decoded(keys: keys)
    }

    @Test(arguments: [
        #"{"hidden_size": 3}"#, #"{"hidden_size": 3.0, "norm_eps": 1e-5, "is_tied": true}"#,
        #"{"hiddenSize": 3, "kind": null, "widths": [1, 2], "rotary": {"rope_theta": 10000}}"#,
        #"{"hidden_size": 1, "labels": {"some_label": 1, "b": 2}, "other": [{}]}"#,
        #"{"hidden_size": -9007199254740993, "kind": "é\n😀", "norm_eps": 1}"#,
    ])
    func valuesAreThoseOfFoundation(json: String) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let expected = try decoder.decode(Model.self, from: Data(json.utf8))
        let found: Model = try decoded(json)
        #expect(found == expected)
    }

    @Test(arguments: [
        "a_b", "a", "_a_b", "a_b_", "a__b", "x_1_y", "forced_BOS_id", "_", "__a", "aB_c",
    ])
    func keysAreSpelledAsFoundationSpellsThem(key: String) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let json = "{\"\(key)\": 1}"
        let expected = try decoder.decode(Keys.self, from: Data(json.utf8))
        #expect(try decoded(json) as Keys == expected)
        #expect(try decoded(json, keys: .verbatim) as Keys == Keys(names: [key]))
    }

    private struct Keys: Decodable, Equatable {
        let names: [String]

        struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(names: [String]) { self.names = names }

        init(from decoder: any Decoder) throws {
            names = try decoder.container(keyedBy: Key.self).allKeys.map(\.stringValue)
        }
    }

    @Test func ofAKeyThatComesTwiceTheLastCounts() throws {
        let model: Model = try decoded(#"{"hidden_size": 1, "hidden_size": 2}"#)
        #expect(model.hiddenSize == 2)
    }

    /// Foundation says of a number that does not fit neither which it is nor where.
    @Test(arguments: [
        (#"{"hidden_size": 1.5}"#, "hidden_size"), (#"{"hidden_size": 1e30}"#, "hidden_size"),
        (#"{"hidden_size": 1, "widths": [1, 4294967296]}"#, "widths.1"),
        (#"{"hidden_size": 1, "rotary": {"rope_theta": "x"}}"#, "rotary.rope_theta"),
        (#"{"hidden_size": 1, "norm_eps": 1e300}"#, "norm_eps"),
        (#"{"hidden_size": 1, "labels": {"a_b": null}}"#, "labels.a_b"),
    ])
    func anErrorLeadsToTheValueAsTheFileNamesIt(json: String, path: String) throws {
        let root = try JSON(parsing: Array(json.utf8))
        let error = #expect(throws: DecodingError.self) { try root.decoded(as: Model.self) }
        let codingPath = try #require(error).codingPath
        #expect(codingPath.map(\.stringValue).joined(separator: ".") == path)
        #expect(root.value(at: codingPath) != nil)
    }

    /// A double is the nearest number only, and would be another one.
    @Test func anIntegerThatIsNotHeldExactlyIsRefused() throws {
        #expect(try decoded("9223372036854775807") as UInt64 == 9_223_372_036_854_775_807)
        #expect(throws: DecodingError.self) { try decoded("9223372036854775809") as UInt64 }
        #expect(throws: DecodingError.self) { try decoded("9007199254740993.0") as Int }
    }

    @Test func aMissingKeyIsNamedAsTheFileWouldNameIt() {
        let error = #expect(throws: DecodingError.self) { try decoded("{}") as Model }
        if case .keyNotFound(let key, _) = error {
            #expect(key.stringValue == "hidden_size")
        } else {
            Issue.record("\(String(describing: error)) is another error")
        }
    }
}

extension DecodingError {
    fileprivate var codingPath: [any CodingKey] {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .keyNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath
        @unknown default: []
        }
    }
}
