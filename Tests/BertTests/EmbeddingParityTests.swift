import PluginABI
import PluginTesting
import TestFixtures
import Testing

/// Vectors of texts against PyTorch with transformers.
@Suite struct EmbeddingParityTests {
    /// The fixtures' README: far above what the order of summation changes, far below any error.
    private static let tolerance: Float = 5e-5

    private struct Description: Decodable {
        struct Text: Decodable {
            let text: String
            let ids: [Int32]
        }
        let texts: [Text]
        let sentencePooling: String
    }

    static let encoders = ["encoder-mean", "encoder-cls-f16"]

    @Test(arguments: encoders)
    func textsBecomeTheReferencesTokens(name: String) throws {
        let directory = try Fixtures.find(name)
        let model = try TestModel(directory)
        for text in try Golden<Description>(directory).description.texts {
            #expect(try model.embeddingTokens(of: text.text) == text.ids, "\(text.text)")
        }
    }

    @Test(arguments: encoders)
    func thePoolingOfTheFilesIsTheModels(name: String) throws {
        let directory = try Fixtures.find(name)
        let golden = try Golden<Description>(directory)
        let pooling = golden.description.sentencePooling == "cls_token" ? "cls" : "mean"
        let found = try TestModel(directory).embed(golden.description.texts.map(\.text))
        let expected = golden.arrays["pool.\(pooling).normalized"].rows
        #expect(largestDifference(found, expected) <= Self.tolerance)
    }

    @Test(arguments: encoders, ["mean", "cls", "max", "mean_sqrt_len"])
    func everyPoolingIsTheReferences(name: String, pooling: String) throws {
        let directory = try Fixtures.find(name)
        let golden = try Golden<Description>(directory)
        let model = try TestModel(
            directory, #"{"precision": "f32", "pooling": "\#(pooling)"}"#)
        let texts = golden.description.texts.map(\.text)
        let raw = try model.embed(texts, flags: noNormalize)
        #expect(
            largestDifference(raw, golden.arrays["pool.\(pooling)"].rows) <= Self.tolerance)
        let normalized = try model.embed(texts)
        let expected = golden.arrays["pool.\(pooling).normalized"].rows
        #expect(largestDifference(normalized, expected) <= Self.tolerance)
    }

    @Test(arguments: encoders)
    func theLastTokensStateIsPooledByLast(name: String) throws {
        let directory = try Fixtures.find(name)
        let golden = try Golden<Description>(directory)
        let model = try TestModel(directory, #"{"precision": "f32", "pooling": "last"}"#)
        let texts = golden.description.texts
        let found = try model.embed(
            texts.map(\.text), flags: noNormalize)
        let states = golden.arrays["last_hidden_state"].rows
        for (index, text) in texts.enumerated() {
            let last = states[index][(text.ids.count - 1) * 40..<text.ids.count * 40]
            #expect(largestDifference(found[index], Array(last)) <= Self.tolerance)
        }
    }

    @Test(arguments: encoders)
    func tokensGiveTheVectorsOfTheirText(name: String) throws {
        let directory = try Fixtures.find(name)
        let model = try TestModel(directory)
        let texts = try Golden<Description>(directory).description.texts
        #expect(try model.embed(tokens: texts.map(\.ids)) == model.embed(texts.map(\.text)))
    }

    @Test(arguments: encoders, ["f32", "bf16", "int8"])
    func aTextAloneHasTheVectorItHasBesideOthers(name: String, precision: String) throws {
        let directory = try Fixtures.find(name)
        let model = try TestModel(directory, #"{"precision": "\#(precision)"}"#)
        let golden = try Golden<Description>(directory).description.texts.map(\.text)
        // More than one pass takes.
        let texts = (0..<12).flatMap { _ in golden }
        let together = try model.embed(texts)
        for (index, text) in golden.enumerated() {
            let alone = try model.embed([text])[0]
            #expect(together[index] == alone)
            #expect(together[texts.count - golden.count + index] == alone)
        }
    }
}
