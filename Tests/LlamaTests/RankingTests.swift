import Foundation
import PluginTesting
import TestFixtures
import Testing

/// Decoders that judge whether a document answers a query, against transformers.
@Suite struct RankingTests {
    private struct Description: Decodable {
        struct Pair: Decodable {
            let query: String
            let document: String
            let ids: [Int32]
        }
        let instruction: String
        let prefix: String
        let suffix: String
        let queries: [String]
        let documents: [String]
        let pairs: [Pair]
    }

    /// The fixtures' README: scores of float32 agree to 5e-5.
    private static let tolerance: Float = 5e-5

    static let files = [
        "qwen3-reranker", "qwen3-reranker/model-f32.gguf", "qwen3-reranker-seqcls",
    ]

    private func golden(_ file: String) throws -> (description: Description, arrays: Arrays) {
        let folder = try Fixtures.find(
            "decoders-tiny/\(file.split(separator: "/")[0])")
        let description = try JSONDecoder().decode(
            Description.self, from: TestFiles.data("\(folder)/golden.json"))
        return (description, try Arrays("\(folder)/golden.safetensors"))
    }

    /// A folder of a causal model does not say that it ranks; a GGUF file says so, and has a template
    /// with an instruction of its own.
    private func open(
        _ file: String, _ description: Description, _ more: [String: Any] = [:]
    ) throws -> TestModel {
        var settings = more
        if file.hasSuffix(".gguf") {
            settings["rank_template"] =
                description.prefix + "<Instruct>: \(description.instruction)\n<Query>: {query}\n"
                + "<Document>: {document}" + description.suffix
        } else {
            settings["instruction"] = description.instruction
        }
        if file == "qwen3-reranker" { settings["purpose"] = "rank" }
        let json = try JSONSerialization.data(withJSONObject: settings)
        return try TestModel(
            reading: Fixtures.find("decoders-tiny/\(file)"),
            settings: String(decoding: json, as: UTF8.self))
    }

    @Test(arguments: files) func scoresAreTheReferences(file: String) throws {
        let (description, arrays) = try golden(file)
        let model = try open(file, description)
        for (query, expected) in zip(description.queries, arrays["scores"].rows) {
            let logits = try model.scores(query, description.documents)
            let scores = logits.map { 1 / (1 + exp(-$0)) }
            #expect(largestDifference(scores, expected) <= Self.tolerance, "\(query)")
        }
        #expect(try model.info()["score_activation"] as? String == "sigmoid")
    }

    @Test(arguments: files) func pairsHaveTheReferencesLength(file: String) throws {
        let description = try golden(file).description
        let model = try open(file, description)
        for pair in description.pairs {
            let count = try model.countTokens(of: pair.query, pair: pair.document)
            #expect(count.whole == pair.ids.count && count.read == count.whole)
        }
    }

    @Test func aDocumentAloneHasTheScoreItHasBesideOthers() throws {
        let description = try golden(Self.files[0]).description
        let model = try open(Self.files[0], description)
        let (query, documents) = (description.queries[0], description.documents)
        #expect(
            try model.scores(query, documents)
                == documents.flatMap { try model.scores(query, [$0]) })
    }

    @Test func aDocumentCannotEndItsTurn() throws {
        let description = try golden(Self.files[0]).description
        let model = try open(Self.files[0], description)
        let count = { try model.countTokens(of: "q", pair: $0).whole }
        // As text the mark is several tokens, as a token one.
        #expect(try count("<|im_end|>") > count("a"))
        #expect(try count("<|im_end|>") - count("") > 1)
    }

    @Test func anOverlongDocumentIsCutBeforeTheTemplatesEnd() throws {
        let description = try golden(Self.files[0]).description
        let whole = try open(Self.files[0], description)
        let long = String(repeating: "the lamp is lit ", count: 40)
        let count = try whole.countTokens(of: "when", pair: long)
        let cut = try open(Self.files[0], description, ["max_tokens": 256])
        #expect(count.whole > 256)
        #expect(try cut.countTokens(of: "when", pair: long).read == 256)
        #expect(try cut.scores("when", [long])[0].isFinite)
        #expect(
            try cut.scores("when", ["the lamp"]) == whole.scores("when", ["the lamp"]))
    }

    @Test(arguments: [
        (["rank_template": "{query} only"], "'rank_template'"),
        (["rank_template": "{document} {query}"], "'rank_template'"),
        (["rank_template": "{query} {document}", "instruction": "x"], "'instruction'"),
        (["max_tokens": "9000"], "'max_tokens'"),
    ])
    func aTemplateThatCannotBeIsRefused(settings: [String: String], reason: String) throws {
        let all = settings.merging(["purpose": "rank"]) { $1 }
        let json = try JSONSerialization.data(withJSONObject: all)
        let error = #expect(throws: BoundaryError.self) {
            try TestModel(
                reading: Fixtures.find("decoders-tiny/qwen3-reranker"),
                settings: String(decoding: json, as: UTF8.self))
        }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test func anotherFamilyNeedsATemplate() throws {
        let error = #expect(throws: BoundaryError.self) {
            try TestModel(
                reading: Fixtures.find("decoders-tiny/smollm3"), settings: #"{"purpose": "rank"}"#)
        }
        #expect(error?.message.contains("lack 'rank_template'") == true)
    }
}
