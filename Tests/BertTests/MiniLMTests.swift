import Foundation
import PluginABI
import PluginTesting
import TestFixtures
import Testing

/// The real all-MiniLM-L6-v2 against sentence-transformers' numbers.
@Suite struct MiniLMTests {
    private struct Description: Decodable {
        struct Sentence: Decodable {
            let text: String
            let ids: [Int32]
        }
        struct Ranking: Decodable {
            let query: String
            let top10Ids: [Int]
        }
        let sentences: [Sentence]
        let rankings: [Ranking]
    }

    /// What the reference computed of it.
    private let reference: String
    private let folder: String

    init() throws {
        reference = try TestFiles.shared("fixtures/minilm-golden")
        folder = try TestFiles.miniLM()
    }

    private func golden() throws -> Golden<Description> { try Golden(reference) }

    private func model(_ precision: String) throws -> TestModel {
        try TestModel(folder, #"{"precision": "\#(precision)"}"#)
    }

    /// "title. description" of each row.
    private var topics: [String] {
        get throws {
            let file = String(
                decoding: try Fixtures.data("\(reference)/topics.csv"), as: UTF8.self)
            return file.split(separator: "\n").dropFirst().map { line in
                var fields: [String] = [""]
                var isQuoted = false
                for character in line {
                    switch character {
                    case "\"": isQuoted.toggle()
                    case "," where !isQuoted: fields.append("")
                    default: fields[fields.count - 1].append(character)
                    }
                }
                return "\(fields[1]). \(fields[2])"
            }
        }
    }

    @Test func sentencesBecomeTheReferencesTokens() throws {
        let model = try model("f32")
        for sentence in try golden().description.sentences {
            #expect(try model.embeddingTokens(of: sentence.text) == sentence.ids)
        }
    }

    /// F32 sums in another order: 2e-7 is noise.
    @Test func vectorsInF32AreTheReferences() throws {
        let golden = try golden()
        let texts = golden.description.sentences.map(\.text)
        let model = try model("f32")
        let normalized = try model.embed(texts)
        #expect(largestDifference(normalized, golden.arrays["embeddings"].rows) <= 2e-6)
        let raw = try model.embed(texts, flags: noNormalize)
        #expect(largestDifference(raw, golden.arrays["mean_pooled"].rows) <= 1e-5)
    }

    /// Of a few tokens the mean is over a few roundings: the empty text is the worst.
    @Test(arguments: [("bf16", Float(0.9995), Float(0.9999)), ("int8", 0.998, 0.9994)])
    func theFastModesPointTheSameWay(
        precision: String, least: Float, leastOnAverage: Float
    ) throws {
        let golden = try golden()
        let model = try model(precision)
        let found = try model.embed(golden.description.sentences.map(\.text))
        let cosines = zip(found, golden.arrays["embeddings"].rows).map { found, expected in
            zip(found, expected).reduce(0) { $0 + $1.0 * $1.1 }
        }
        #expect(cosines.allSatisfy { $0 > least }, "\(cosines.min() ?? 0)")
        let average = cosines.reduce(0, +) / Float(cosines.count)
        #expect(average > leastOnAverage, "\(average)")
    }

    @Test func topicsRankAsTheReferenceRanksThem() throws {
        let golden = try golden()
        let model = try model("f32")
        let topics = try model.embed(topics)
        let expected = golden.arrays["topic_embeddings"].rows
        #expect(largestDifference(topics, expected) <= 2e-6)
        let queries = try model.embed(golden.description.rankings.map(\.query))
        #expect(largestDifference(queries, golden.arrays["query_embeddings"].rows) <= 2e-6)
        for (query, ranking) in zip(queries, golden.description.rankings) {
            let scores = topics.map { topic in zip(query, topic).reduce(0) { $0 + $1.0 * $1.1 } }
            let best = scores.indices.sorted { scores[$0] > scores[$1] }
            #expect(best.prefix(10).map { $0 + 1 } == ranking.top10Ids, "\(ranking.query)")
        }
    }

    @Test func itSaysWhatItIs() throws {
        let info = try model("int8").info()
        #expect(info["architecture"] as? String == "BertModel")
        #expect(info["dimensions"] as? Int == 384)
        #expect(info["max_tokens"] as? Int == 256)
        #expect(info["pooling"] as? String == "mean")
        #expect(info["quantization"] as? String == "INT8")
        #expect(info["parameters"] as? Int == 22_713_728)
    }

    @Test func unlessToldOtherwiseItIsInBF16WhereThatIsFast() throws {
        let processor = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        let isFast =
            processor.contains("amx_bf16")
            || processor.contains("AuthenticAMD") && processor.contains("avx512_bf16")
        let info = try TestModel(folder, "{}").info()
        #expect(info["quantization"] as? String == (isFast ? "BF16" : "F32"))
    }

    /// The tables stay in the file; the maps have two bytes for each weight.
    @Test func itTakesLittleMemory() throws {
        let found = try probe(folder, #"{"precision": "bf16"}"#)
        #expect(found.bytes_host < 75_000_000)
        #expect(found.bytes_per_context < 85_000_000)
    }
}
