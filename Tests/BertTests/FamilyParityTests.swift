import PluginTesting
import TestFixtures
import Testing

/// MPNet, NomicBERT and ModernBERT against PyTorch with transformers.
@Suite struct FamilyParityTests {
    /// Activations near 1 in F32, summed in another order.
    private static let tolerance: Float = 5e-5

    private struct Encoder: Decodable {
        struct Text: Decodable {
            let text: String
            let ids: [Int32]
        }
        let texts: [Text]
    }

    private struct Pairs: Decodable {
        let texts: [[String]]
    }

    private struct Texts: Decodable {
        let texts: [String]
    }

    private static let encoders = ["mpnet", "nomic-bert", "modernbert"]

    @Test(arguments: encoders)
    func statesAreTheReferences(name: String) throws {
        let directory = try Fixtures.find(name)
        let golden = try Golden<Encoder>(directory)
        for pooling in ["mean", "cls"] {
            let model = try TestModel(
                directory, #"{"precision": "f32", "pooling": "\#(pooling)"}"#)
            for text in golden.description.texts {
                #expect(try model.embeddingTokens(of: text.text) == text.ids)
            }
            let found = try model.embed(
                golden.description.texts.map(\.text), flags: noNormalize)
            let expected = golden.arrays["pool.\(pooling)"].rows
            #expect(largestDifference(found, expected) <= Self.tolerance, "\(pooling)")
        }
    }

    @Test(arguments: encoders, ["f32", "bf16", "int8"])
    func aTextAloneHasTheVectorItHasBesideOthers(name: String, precision: String) throws {
        let directory = try Fixtures.find(name)
        let model = try TestModel(directory, #"{"precision": "\#(precision)"}"#)
        let texts = try Golden<Encoder>(directory).description.texts.map(\.text)
        let together = try model.embed(texts)
        for (index, text) in texts.enumerated() {
            #expect(try model.embed([text]) == [together[index]])
        }
    }

    @Test(arguments: encoders, [#"{"precision": "bf16"}"#, #"{"precision": "int8"}"#])
    func fastModesPointTheSameWay(name: String, settings: String) throws {
        let directory = try Fixtures.find(name)
        let texts = try Golden<Encoder>(directory).description.texts.map(\.text)
        let exact = try TestModel(directory).embed(texts)
        let rounded = try TestModel(directory, settings).embed(texts)
        for (exact, rounded) in zip(exact, rounded) {
            // Random weights and 32 dimensions are the worst case.
            #expect(zip(exact, rounded).reduce(0) { $0 + $1.0 * $1.1 } > 0.998)
        }
        #expect(exact != rounded)
    }

    @Test func anMPNetScoresPairs() throws {
        let directory = try Fixtures.find("mpnet-cross-encoder")
        let golden = try Golden<Pairs>(directory)
        let pairs = golden.description.texts
        let found = try TestModel(directory).scores(pairs[0][0], pairs.map { $0[1] })
        #expect(largestDifference(found, golden.arrays["logits"].floats) <= Self.tolerance)
    }

    @Test func aModernBertClassifies() throws {
        let directory = try Fixtures.find("modernbert-classifier")
        let golden = try Golden<Texts>(directory)
        let model = try TestModel(directory)
        let found = try model.classify(golden.description.texts)
        #expect(largestDifference(found, golden.arrays["logits"].rows) <= Self.tolerance)
        #expect(try (0..<3).map(model.label) == ["calm", "busy", "wild"])
    }
}
