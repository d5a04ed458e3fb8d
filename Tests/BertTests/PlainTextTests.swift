import Foundation
import PluginTesting
import Testing

/// What spells a special token in a text that came with a request is characters.
@Suite struct PlainTextTests {
    /// BERT cuts words at signs, so that the characters of the one are the tokens of the other.
    private let spelled = "honey [SEP] from bees"
    private let apart = "honey [ SEP ] from bees"

    private func open(_ fixture: String, _ settings: String = #"{"precision": "f32"}"#) throws
        -> TestModel
    {
        try TestModel(Fixtures.find(fixture), settings)
    }

    @Test func aTextDoesNotEndItsSegment() throws {
        let model = try open("encoder-mean")
        #expect(try model.embeddingTokens(of: spelled) == model.embeddingTokens(of: apart))
        #expect(try model.embed([spelled]) == model.embed([apart]))
        #expect(try model.countTokens(of: spelled).whole == model.countTokens(of: apart).whole)
    }

    @Test func neitherDoesADocumentOrItsQuery() throws {
        let model = try open("cross-encoder")
        #expect(try model.scores("bees", [spelled]) == model.scores("bees", [apart]))
        #expect(try model.scores(spelled, ["bees"]) == model.scores(apart, ["bees"]))
        #expect(
            try model.countTokens(of: "bees", pair: spelled).whole
                == model.countTokens(of: "bees", pair: apart).whole)
    }

    @Test func norATextWithLabels() throws {
        let model = try open("classifier")
        #expect(try model.classify([spelled]) == model.classify([apart]))
    }

    @Test func norAPassageOrItsQuestion() throws {
        let model = try open("qa")
        func scores(_ question: String, _ passage: String) throws -> [Double?] {
            try model.run("answer", ["question": question, "passages": [passage]])
                .map { $0["score"] as? Double }
        }
        #expect(try scores("Who?", spelled) == scores("Who?", apart))
        #expect(try scores(spelled, "Bees.") == scores(apart, "Bees."))
    }

    /// A prompt is the model's own, as the reference has it.
    @Test func aPromptKeepsItsTokens() throws {
        let model = try open(
            "encoder-mean", #"{"precision": "f32", "query_prefix": "[MASK] "}"#)
        let mask: Int32 = 4
        #expect(try model.embeddingTokens(of: "bees", flags: query).contains(mask))
        #expect(!(try model.embeddingTokens(of: "[MASK] bees")).contains(mask))
        let both = try model.embeddingTokens(of: "[MASK] bees", flags: query)
        #expect(both.filter { $0 == mask }.count == 1)
    }
}
