import PluginABI
import PluginTesting
import TestFixtures
import Testing

/// What the files of sentence-transformers say of how a text becomes a vector.
@Suite struct SentenceFileTests {
    private struct Description: Decodable {
        struct Text: Decodable {
            let text: String
            let ids: [Int32]
        }
        let texts: [Text]
    }

    private static let tolerance: Float = 5e-6

    @Test func aPromptThatIsNotPooledLeavesTheVectorToTheText() throws {
        let directory = try SentenceFiles.find("prompts-excluded")
        let golden = try Golden<Description>(directory)
        let texts = golden.description.texts.map(\.text)
        let model = try TestModel(directory)
        let expected = golden.arrays["embeddings.prompt.query"].rows
        #expect(
            largestDifference(try model.embed(texts, flags: query), expected) <= Self.tolerance)
        #expect(
            largestDifference(try model.embed(texts), golden.arrays["embeddings"].rows)
                <= Self.tolerance)
        // The same where the host has made tokens of the text.
        let tokens = try texts.map { try model.embeddingTokens(of: $0, flags: query) }
        #expect(
            largestDifference(try model.embed(tokens: tokens, flags: query), expected)
                <= Self.tolerance)
        // The first state is that of the whole text, whatever is left out elsewhere.
        let pooled = try TestModel(directory, #"{"precision": "f32", "pooling": "cls"}"#)
        #expect(try pooled.embed(texts, flags: query) != pooled.embed(texts))
    }

    @Test func textsAreWrittenInLowerCaseWhereTheFilesSaySo() throws {
        let directory = try SentenceFiles.find("lower-case")
        let golden = try Golden<Description>(directory)
        let model = try TestModel(directory)
        for text in golden.description.texts {
            #expect(try model.embeddingTokens(of: text.text) == text.ids, "\(text.text)")
        }
        let texts = golden.description.texts.map(\.text)
        let found = try model.embed(texts, flags: noNormalize)
        #expect(largestDifference(found, golden.arrays["embeddings"].rows) <= 2e-5)
    }
}

/// Models as sentence-transformers saves them.
private enum SentenceFiles {
    static func find(
        _ name: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        try TestFiles.find(name, of: "encoders-tiny", sourceLocation: sourceLocation)
    }
}
