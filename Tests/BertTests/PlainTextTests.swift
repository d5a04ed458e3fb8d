import Foundation
import PluginTesting
import Testing

/// What spells a special token in a text that is read beside another is characters.
@Suite struct PlainTextTests {
    /// BERT cuts words at signs, so that the characters of the one are the tokens of the other.
    private let spelled = "honey [SEP] from bees"
    private let apart = "honey [ SEP ] from bees"

    private func open(_ fixture: String, _ settings: String = #"{"precision": "f32"}"#) throws
        -> TestModel
    {
        try TestModel(Fixtures.find(fixture), settings)
    }

    @Test func aDocumentDoesNotEndItsSegment() throws {
        let model = try open("cross-encoder")
        #expect(try model.scores("bees", [spelled]) == model.scores("bees", [apart]))
        #expect(try model.scores(spelled, ["bees"]) == model.scores(apart, ["bees"]))
        #expect(
            try model.countTokens(of: "bees", pair: spelled).whole
                == model.countTokens(of: "bees", pair: apart).whole)
    }

    @Test func neitherDoesAPassageOrItsQuestion() throws {
        let model = try open("qa")
        func scores(_ question: String, _ passage: String) throws -> [Double?] {
            try model.run("answer", ["question": question, "passages": [passage]])
                .map { $0["score"] as? Double }
        }
        #expect(try scores("Who?", spelled) == scores("Who?", apart))
        #expect(try scores(spelled, "Bees.") == scores(apart, "Bees."))
    }

    /// As sentence-transformers has it: there is nobody else whom it could speak for.
    @Test func aTextAloneHasItsTokens() throws {
        let model = try open("encoder-mean")
        let separator: Int32 = 3
        #expect(try model.embeddingTokens(of: spelled).filter { $0 == separator }.count == 2)
        #expect(try model.embeddingTokens(of: apart).filter { $0 == separator }.count == 1)
    }
}
