import Foundation
import PluginABI
import PluginTesting
import TestFixtures
import Testing

/// Decoders that embed: vectors against sentence-transformers.
@Suite struct EmbeddingTests {
    private struct Description: Decodable {
        struct Text: Decodable {
            let text: String
            let ids: [Int32]
        }
        let queries: [Text]
        let documents: [Text]
    }

    /// The fixtures' README: unit vectors of float32 agree to 2e-6.
    private static let tolerance: Float = 2e-6

    static let files = [
        "decoders-tiny/qwen3-embedding", "decoders-tiny/qwen3-embedding/model-f32.gguf",
    ]

    private static let instruction =
        "Instruct: Given a question about the harbour, find the passage that answers it\nQuery:"

    private func golden() throws -> (texts: Description, arrays: Arrays) {
        let folder = try Fixtures.find(Self.files[0])
        let texts = try JSONDecoder().decode(
            Description.self, from: TestFiles.data("\(folder)/golden.json"))
        return (texts, try Arrays("\(folder)/golden.safetensors"))
    }

    /// GGUF files have no prompts.
    private func open(_ file: String, _ more: [String: Any] = [:]) throws -> TestModel {
        var settings = more
        if file.hasSuffix(".gguf") { settings["query_prefix"] = Self.instruction }
        let json = try JSONSerialization.data(withJSONObject: settings)
        return try TestModel(
            reading: Fixtures.find(file), settings: String(decoding: json, as: UTF8.self))
    }

    @Test(arguments: files) func vectorsAreTheReferences(file: String) throws {
        let (texts, arrays) = try golden()
        let model = try open(file)
        let queries = try model.embed(texts.queries.map(\.text), flags: query)
        #expect(largestDifference(queries, arrays["query_embeddings"].rows) <= Self.tolerance)
        let documents = try model.embed(texts.documents.map(\.text), flags: passage)
        #expect(largestDifference(documents, arrays["document_embeddings"].rows) <= Self.tolerance)
    }

    @Test(arguments: files) func textsBecomeTheReferencesTokens(file: String) throws {
        let texts = try golden().texts
        let model = try open(file)
        for text in texts.queries {
            #expect(try model.embeddingTokens(of: text.text, flags: query) == text.ids)
        }
        for text in texts.documents {
            #expect(try model.embeddingTokens(of: text.text, flags: passage) == text.ids)
        }
    }

    @Test func theFirstNumbersOfAVectorAreAVectorToo() throws {
        let (texts, arrays) = try golden()
        let model = try open(Self.files[0], ["matryoshka": true])
        let found = try model.embed(texts.documents.map(\.text), flags: passage).map { vector in
            let first = vector.prefix(16)
            let length = first.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return first.map { $0 / length }
        }
        let expected = arrays["document_embeddings_16"].rows
        #expect(largestDifference(found, expected) <= 2 * Self.tolerance)
        #expect(try model.info()["matryoshka"] as? Bool == true)
    }

    @Test func aTextAloneHasTheVectorItHasBesideOthers() throws {
        let texts = try golden().texts.documents.map(\.text)
        let model = try open(Self.files[0])
        #expect(try model.embed(texts) == texts.flatMap { try model.embed([$0]) })
    }

    @Test func anOverlongTextKeepsItsEndToken() throws {
        let model = try open(Self.files[0], ["max_tokens": 12])
        let text = "The keeper of the lighthouse wrote down the wind and the waves."
        let tokens = try model.embeddingTokens(of: text, flags: 0)
        #expect(tokens.count == 12 && tokens.last == 507)
        let count = try model.countTokens(of: text)
        #expect(count.read == 12 && count.whole > 12)
    }

    @Test func everyPoolingIsOfTheSameStates() throws {
        let texts = try golden().texts
        let states = try open(Self.files[0], ["pooling": "mean"])
            .embed([texts.documents[4].text], flags: passage)
        // The empty text is one token, of which every pooling is the state.
        let last = try open(Self.files[0]).embed([texts.documents[4].text], flags: passage)
        #expect(largestDifference(states, last) <= Self.tolerance)
    }

    @Test func aFileThatEmbedsHasNoText() throws {
        let model = try open(Self.files[0])
        #expect(model.has(ROOST_EXT_VECTORS) && !model.has(ROOST_EXT_DECODE))
        #expect(try model.info()["pooling"] as? String == "last")
        #expect(try model.selfTest().hasPrefix(#"{"passed": true"#))
    }

    /// Only what says that it embeds does: not every model whose head is its embedding.
    @Test(arguments: ["qwen2", "qwen3", "decoders-tiny/qwen3-reranker"])
    func aModelThatChatsDoesNotBecomeAnEmbedder(name: String) throws {
        #expect(try TestModel(Fixtures.find(name)).has(ROOST_EXT_DECODE))
    }

    @Test(arguments: [("qwen3", "Qwen3"), ("decoders-tiny/mistral", "Mistral")])
    func aCheckpointWithoutAHeadEmbeds(fixture: String, name: String) throws {
        let config = try String(
            contentsOfFile: Fixtures.find("\(fixture)/config.json"), encoding: .utf8
        ).replacing("\(name)ForCausalLM", with: "\(name)Model")
        let folder = try Fixtures.copy(of: fixture, writing: ["config.json": Data(config.utf8)])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let model = try TestModel(reading: folder, settings: "")
        #expect(try model.embed(["one", "two"]).allSatisfy { $0.allSatisfy(\.isFinite) })
        #expect(try model.info()["pooling"] as? String == "last")
    }

    @Test func aModelMayBeOpenedForItsVectors() throws {
        let model = try TestModel(
            reading: Fixtures.find("qwen3"), settings: #"{"purpose": "embed"}"#)
        #expect(try model.embed(["one"])[0].count == Int(model.vectors.dim))
    }

    @Test func aDecoderThatLooksAheadIsRefusedByItsKey() throws {
        let config = try String(
            contentsOfFile: Fixtures.find("\(Self.files[0])/config.json"), encoding: .utf8
        ).replacing("\"model_type\"", with: "\"is_causal\": false, \"model_type\"")
        let folder = try Fixtures.copy(
            of: Self.files[0], writing: ["config.json": Data(config.utf8)])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let error = #expect(throws: BoundaryError.self) { try TestModel(folder) }
        #expect(error?.message.contains("'is_causal' is false") == true)
    }
}

extension TestModel {
    /// A model that is asked for more than text.
    convenience init(reading path: String, settings: String) throws {
        try self.init(.llama, path, settings: settings, budget: 0, hasContext: true)
    }
}
