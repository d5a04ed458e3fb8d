import Foundation
import PluginTesting
import TestFixtures
import Testing

/// GGUF files as llama.cpp's converter writes them, against transformers with the weights that they
/// were made of.
@Suite struct ConvertedFileTests {
    private struct Golden: Decodable {
        let texts: [String]
        let ids: [[Int32]]
        /// The logits of each text, or its vector before it is normalized.
        let values: [[Float]]
        /// The logits of each text behind the first.
        let pairValues: [[Float]]
    }

    /// Activations near 1 in F32, summed in another order; the reference writes 7 decimals.
    private static let tolerance: Float = 5e-5

    private func golden(_ name: String) throws -> Golden {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(
            Golden.self, from: Fixtures.data("\(Fixtures.find("gguf"))/\(name).json"))
    }

    private func model(_ name: String) throws -> TestModel {
        try TestModel("\(Fixtures.find("gguf"))/\(name).gguf")
    }

    @Test(arguments: [("xlm-roberta", "cls", 256), ("nomic-bert", "mean", 2048)])
    func anEncoderHasTheReferencesVectors(name: String, pooling: String, most: Int) throws {
        let (golden, model) = (try golden(name), try model(name))
        for (text, ids) in zip(golden.texts, golden.ids) {
            #expect(try model.embeddingTokens(of: text) == ids, "\(text)")
        }
        let found = try model.embed(golden.texts, flags: noNormalize)
        #expect(largestDifference(found, golden.values) <= Self.tolerance)
        #expect(try model.info()["pooling"] as? String == pooling)
        #expect(try model.info()["max_tokens"] as? Int == most)
    }

    @Test(arguments: ["xlm-roberta-reranker", "bert-cross-encoder"])
    func aCrossEncoderHasTheReferencesScores(name: String) throws {
        let (golden, model) = (try golden(name), try model(name))
        let found = try model.scores(golden.texts[0], golden.texts)
        let expected = golden.pairValues.map { $0[0] }
        #expect(largestDifference(found, expected) <= Self.tolerance)
        // Scores that differ, so that a head that is left out is seen.
        #expect((expected.max() ?? 0) - (expected.min() ?? 0) > 0.1)
    }

    @Test(arguments: ["roberta-classifier", "distilbert-classifier", "modernbert-classifier"])
    func aClassifierHasTheReferencesLogits(name: String) throws {
        let (golden, model) = (try golden(name), try model(name))
        let found = try model.classify(golden.texts)
        #expect(largestDifference(found, golden.values) <= Self.tolerance)
        #expect(try (0..<3).map(model.label) == ["calm", "busy", "wild"])
    }

    /// Files of older converters name neither labels nor pooling.
    @Test func aHeadIsKnownByItsTensors() throws {
        let path = try "\(Fixtures.find("gguf"))/xlm-roberta-reranker.gguf"
        var file = try Fixtures.data(path)
        let key = try #require(file.range(of: Data("bert.classifier.output_labels".utf8)))
        file.replaceSubrange(key, with: Data("bert.classifier.output_labelz".utf8))
        let golden = try golden("xlm-roberta-reranker")
        let model = try TestModel(TestFolder(writing: ["model.gguf": file]))
        let found = try model.scores(golden.texts[0], golden.texts)
        #expect(largestDifference(found, golden.pairValues.map { $0[0] }) <= Self.tolerance)
    }

    @Test(arguments: [
        "xlm-roberta-reranker", "roberta-classifier", "modernbert-classifier", "nomic-bert",
    ])
    func aTruncatedOrChangedFileNeverCrashes(name: String) throws {
        let file = try Fixtures.data("\(Fixtures.find("gguf"))/\(name).gguf")
        for length in stride(from: 0, to: file.count, by: file.count / 12 + 1) {
            #expect(throws: BoundaryError.self) {
                try TestModel(TestFolder(writing: ["model.gguf": file.prefix(length)]))
            }
        }
        // The header and the metadata, whose bytes mean the most.
        for place in stride(from: 0, to: 3000, by: 37) {
            var changed = file
            changed[place] ^= 0x55
            let folder = try TestFolder(writing: ["model.gguf": changed])
            guard let model = try? TestModel(folder) else { continue }
            _ = try? model.info()
            if try model.classifies { _ = try? model.classify(["the river"]) }
            if try model.embeds { _ = try? model.embed(["the river"]) }
        }
    }
}
