import FoundationEssentials
import Testing
import Tokenizers

/// The demo models that no plugin reads yet: their texts give the ids that transformers gives.
struct DemoModelTests {
    private struct Summaries: Decodable {
        struct Input: Decodable {
            let text: String
            let ids: [Int32]
            let greedyIDs: [Int32]
            let greedyText: String

            enum CodingKeys: String, CodingKey {
                case text, ids
                case greedyIDs = "greedy_ids"
                case greedyText = "greedy_text"
            }
        }
        let inputs: [Input]
    }

    private static func golden<Golden: Decodable>(_ model: String) throws -> Golden {
        let data = try Fixtures.data("\(Fixtures.models)/\(model)/golden.json")
        return try JSONDecoder().decode(Golden.self, from: data)
    }

    @Test func aDocumentAndItsSummaryGiveTheReferencesIDsAndText() throws {
        let tokenizer = try Tokenizers.load(directory: Fixtures.models + "/summary")
        let golden: Summaries = try Self.golden("summary")
        #expect(!golden.inputs.isEmpty)
        for input in golden.inputs {
            #expect(
                try tokenizer.encode(
                    "summarize: " + input.text, addSpecial: true, parseSpecial: false) == input.ids)
            let text = tokenizer.vocabulary.decode(input.greedyIDs, skippingControl: true)
            #expect(String(decoding: text, as: UTF8.self) == input.greedyText)
        }
    }

    private struct RGBImage: Decodable {
        let prompt: String
        let ids: [Int32]
    }

    /// The reference fills up with the end mark.
    @Test(arguments: ["picture", "picture-fast"])
    func aCaptionGivesTheReferencesIDs(name: String) throws {
        let tokenizer = try Tokenizers.load(directory: "\(Fixtures.models)/\(name)/tokenizer")
        let golden: RGBImage = try Self.golden(name)
        let ids = try tokenizer.encode(golden.prompt, addSpecial: true, parseSpecial: false)
        #expect(ids.count > 3 && golden.ids.starts(with: ids))
        #expect(golden.ids.dropFirst(ids.count).allSatisfy { $0 == ids.last })
    }
}
