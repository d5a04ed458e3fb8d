import Foundation
import PluginABI
import PluginTesting
import TestFixtures
import Testing

/// GGUF files made of the same weights give what the directories give.
@Suite struct GGUFTests {
    private static let tolerance: Float = 5e-5

    private static let texts = [
        "the city bees", "", "a", "water lights the stone, slowly.",
        "the river carries stones and light; the bees are leaving the city for the water",
    ]

    private func compare(_ directory: String, _ file: TestFolder, _ settings: String) throws {
        let (expected, found) = (
            try TestModel(directory, settings), try TestModel(file, settings)
        )
        for text in Self.texts {
            #expect(try found.embeddingTokens(of: text) == expected.embeddingTokens(of: text))
        }
        #expect(try found.embed(Self.texts) == expected.embed(Self.texts))
        for name in ["dimensions", "max_tokens"] {
            #expect(try found.info()[name] as? Int == expected.info()[name] as? Int, "\(name)")
        }
    }

    @Test(
        arguments: [("encoder-mean", "", 1), ("encoder-cls-f16", "bert.", 2)])
    func aBert(name: String, base: String, pooling: Int) throws {
        let directory = try Fixtures.find(name)
        var model = try GGUFModel.bert(directory, pooling: pooling, base: base)
        try model.addWordPieces(special: GGUFModel.specials)
        let settings = #"{"precision": "f32", "max_tokens": 64}"#
        try compare(directory, model.folder(), settings)
    }

    @Test func aNomicBert() throws {
        let directory = try Fixtures.find("nomic-bert")
        try compare(
            directory, GGUFModel.nomicBert(directory).folder(), #"{"precision": "f32"}"#)
    }

    @Test func aModernBert() throws {
        let directory = try Fixtures.find("modernbert")
        try compare(
            directory, GGUFModel.modernBert(directory).folder(),
            #"{"precision": "f32", "pooling": "cls"}"#)
    }

    @Test func theFilesPoolingIsTheModels() throws {
        let directory = try Fixtures.find("modernbert")
        let file = try GGUFModel.modernBert(directory).folder()
        #expect(try TestModel(file).info()["pooling"] as? String == "cls")
        #expect(try TestModel(directory).info()["pooling"] as? String == "mean")
    }

    @Test func aDecoderIsRefused() throws {
        let directory = try Fixtures.find("nomic-bert")
        var model = try GGUFModel.nomicBert(directory)
        model.builder.add("nomic-bert.attention.causal", true)
        let file = try model.folder()
        #expect(throws: BoundaryError.self) { try TestModel(file) }
    }

    @Test func anotherArchitectureIsNotProbed() throws {
        var builder = GGUFBuilder()
        builder.add("general.architecture", "llama")
        let file = try TestFolder(writing: ["model.gguf": builder.file])
        #expect(try probe(file).score == 0)
    }

    @Test(arguments: [
        "embedding_length", "feed_forward_length", "block_count", "attention.head_count",
        "context_length", "rope.freq_base", "attention.layer_norm_epsilon",
    ])
    func aMissingKeyIsNamed(key: String) throws {
        var builder = GGUFBuilder()
        builder.add("general.architecture", "nomic-bert")
        let ints = [
            "embedding_length": 32, "feed_forward_length": 64, "block_count": 2,
            "attention.head_count": 2, "context_length": 128, "vocab_size": 100,
        ]
        for (name, value) in ints where name != key { builder.add("nomic-bert.\(name)", value) }
        let floats: [String: Float] = [
            "rope.freq_base": 1000, "attention.layer_norm_epsilon": 1e-12,
        ]
        for (name, value) in floats where name != key { builder.add("nomic-bert.\(name)", value) }
        let file = try TestFolder(writing: ["model.gguf": builder.file])
        let error = #expect(throws: BoundaryError.self) { try TestModel(file) }
        #expect(error?.message.contains("nomic-bert.\(key)") == true)
    }
}
