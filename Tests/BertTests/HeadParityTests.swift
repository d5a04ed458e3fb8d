import Foundation
import PluginABI
import PluginTesting
import TestFixtures
import Testing

/// Scores of pairs and logits of labels against PyTorch with transformers.
@Suite struct HeadParityTests {
    private static let tolerance: Float = 5e-5
    private static let settings = #"{"precision": "f32", "max_tokens": 64}"#

    private func model(_ name: String) throws -> TestModel {
        try TestModel(Fixtures.find(name), Self.settings)
    }

    // MARK: - Pairs

    private struct CrossEncoder: Decodable {
        struct Query: Decodable {
            let query: String
            let ranking: [Int]
        }
        let documents: [String]
        let queries: [Query]
    }

    private struct Pairs: Decodable {
        struct Pair: Decodable {
            let a: String
            let b: String
        }
        let pairs: [Pair]
    }

    @Test func pairsScoreAndRankAsInTheReference() throws {
        let golden = try Golden<CrossEncoder>(Fixtures.find("cross-encoder"))
        let model = try model("cross-encoder")
        for (index, query) in golden.description.queries.enumerated() {
            let scores = try model.scores(query.query, golden.description.documents)
            let expected = golden.arrays["q\(index).logits"].floats
            #expect(largestDifference(scores, expected) <= Self.tolerance, "\(query.query)")
            #expect(scores.indices.sorted { scores[$0] > scores[$1] } == query.ranking)
        }
    }

    @Test func aRobertaScoresPairs() throws {
        let golden = try Golden<Pairs>(Fixtures.find("roberta-cross-encoder"))
        let model = try model("roberta-cross-encoder")
        let expected = golden.arrays["logits"].floats
        for (pair, expected) in zip(golden.description.pairs, expected) {
            let score = try model.scores(pair.a, [pair.b])[0]
            #expect(abs(score - expected) <= Self.tolerance, "\(pair.a)")
        }
    }

    @Test(arguments: [
        (#"{"activation_fn": "torch.nn.modules.linear.Identity"}"#, "identity"),
        (#"{"activation_fn": "torch.nn.modules.activation.Sigmoid"}"#, "sigmoid"),
        ("null", "sigmoid"),
    ])
    func theActivationOfAScoreIsTold(json: String, expected: String) throws {
        let value = try JSONSerialization.jsonObject(
            with: Data(json.utf8), options: .fragmentsAllowed)
        let folder = try TestFolder(
            copying: Fixtures.find("cross-encoder"),
            writing: [
                "config.json": configuration(
                    of: "cross-encoder", ["sentence_transformers": value])
            ])
        let model = try TestModel(folder)
        #expect(try model.info()["score_activation"] as? String == expected)
        #expect(try model.vectors.score_pairs != nil)
        #expect(try model.vectors.classify == nil)
        #expect(try model.vectors.dim == 0)
    }

    // MARK: - Labels

    private struct Classifier: Decodable {
        struct Case: Decodable {
            let text: String
            let labels: [String]?
            let label: String?
        }
        let cases: [Case]
        let problemType: String?
    }

    @Test(arguments: ["classifier", "classifier-multilabel", "distilbert-classifier"])
    func logitsOfLabelsAreTheReferences(name: String) throws {
        let golden = try Golden<Classifier>(Fixtures.find(name))
        let model = try model(name)
        let cases = golden.description.cases
        let found = try model.classify(cases.map(\.text))
        #expect(largestDifference(found, golden.arrays["logits"].rows) <= Self.tolerance)
        for (logits, known) in zip(found, cases) {
            let best = logits.indices.max { logits[$0] < logits[$1] }!
            #expect(try model.label(best) == known.labels?[0] ?? known.label)
        }
    }

    private struct Inference: Decodable {
        struct Pair: Decodable {
            let a: String
            let b: String
            let whole: Int
            let read: Int
        }
        let labels: [String]
        let pairs: [Pair]
    }

    @Test func pairsAreLabelledAsInTheReference() throws {
        let golden = try Golden<Inference>(Fixtures.find("inference"))
        let model = try TestModel(Fixtures.find("inference"), #"{"precision": "f32"}"#)
        let pairs = golden.description.pairs
        let found = try model.classify(pairs.map(\.a), pairs: pairs.map(\.b))
        #expect(largestDifference(found, golden.arrays["logits"].rows) <= Self.tolerance)
        #expect(try (0..<3).map(model.label) == golden.description.labels)
        for pair in pairs {
            let (read, whole) = try model.countTokens(of: pair.a, pair: pair.b)
            #expect(read == pair.read && whole == pair.whole, "\(pair)")
        }
    }

    @Test func tokensOfATextAreCountedAsTheyAreRead() throws {
        let model = try model("encoder-mean")
        for text in ["", "one two three", String(repeating: "one two three. ", count: 60)] {
            for flags in [0, query, passage] {
                let (read, whole) = try model.countTokens(of: text, flags: flags)
                #expect(try read == model.embeddingTokens(of: text, flags: flags).count)
                #expect((whole > read) == (text.count > 100), "\(whole) of \(text.count) letters")
            }
        }
    }

    @Test(arguments: [
        ("classifier", "single_label_classification"),
        ("classifier-multilabel", "multi_label_classification"),
        ("distilbert-classifier", "single_label_classification"),
    ])
    func theKindOfProblemIsTold(name: String, expected: String) throws {
        #expect(try model(name).info()["problem_type"] as? String == expected)
    }
}
