import FoundationEssentials
import Testing
import Tokenizers

@Suite struct EncodingTests {
    private struct Pairs: Decodable {
        struct Case: Decodable {
            let tokenizer, a, b, strategy: String
            let maxLength: Int
            let ids: [Int32]?
            let typeIDs: [Int32]?

            enum CodingKeys: String, CodingKey {
                case tokenizer, a, b, strategy, ids
                case maxLength = "max_length"
                case typeIDs = "type_ids"
            }

            var truncation: Truncation {
                switch strategy {
                case "only_first": .onlyFirst
                case "only_second": .onlySecond
                default: .longestFirst
                }
            }
        }

        let cases: [Case]
    }

    /// Where the reference refuses a pair, so do we.
    @Test func pairsAreCutAndJoinedAsByTheReference() throws {
        let pairs = try JSONDecoder().decode(
            Pairs.self, from: Fixtures.data("\(Fixtures.own)/pairs.json"))
        #expect(pairs.cases.count == 30)
        for example in pairs.cases {
            let tokenizer = try Fixtures.tokenizer(example.tokenizer)
            let encoding = try? tokenizer.encode(
                example.a, pair: example.b, maxLength: example.maxLength,
                truncation: example.truncation)
            #expect(encoding?.ids == example.ids)
            #expect(encoding?.typeIDs == example.typeIDs)
        }
    }
}
