import Foundation
import PluginTesting
import TestFixtures
import Testing

/// What the metadata of a GGUF file says beside the sizes.
@Suite struct GGUFKeyTests {
    private static let base = "base/model-q8_0.gguf"

    private func file() throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: Fixtures.find(Self.base)))
    }

    private func withFile<T>(_ data: Data, _ body: (String) throws -> T) throws -> T {
        let folder = try TestFolder(writing: ["model.gguf": data])
        defer { withExtendedLifetime(folder) {} }
        return try body("\(folder.path)/model.gguf")
    }

    // MARK: - Rotary scaling

    private enum Value {
        case int(UInt32)
        case float(Float)
        case string(String)
    }

    /// The file with further pairs, and with one that keeps the data where the alignment wants it.
    private func file(
        _ name: String = base, adding pairs: [(String, Value)]
    ) throws -> Data {
        var added = pairs.reduce(into: Data()) { $0 += Self.pair($1.0, $1.1) }
        let rest = (added.count + Self.pair("filler", .string("")).count) % 32
        added += Self.pair("filler", .string(String(repeating: " ", count: (32 - rest) % 32)))
        var file = try Data(contentsOf: URL(fileURLWithPath: Fixtures.find(name)))
        let count = file[16..<24].enumerated().reduce(0) { $0 + UInt64($1.1) << (8 * $1.0) }
        file.replaceSubrange(16..<24, with: Self.bytes(count + UInt64(pairs.count) + 1))
        file.insert(contentsOf: added, at: 24)
        return file
    }

    private static func pair(_ key: String, _ value: Value) -> Data {
        switch value {
        case .int(let number): string(key) + bytes(UInt32(4)) + bytes(number)
        case .float(let number): string(key) + bytes(UInt32(6)) + bytes(number.bitPattern)
        case .string(let text): string(key) + bytes(UInt32(8)) + string(text)
        }
    }

    private static func string(_ text: String) -> Data {
        bytes(UInt64(text.utf8.count)) + text.utf8
    }

    private static func bytes(_ value: some FixedWidthInteger) -> Data {
        withUnsafeBytes(of: value.littleEndian) { Data($0) }
    }

    private func logits(_ pairs: [(String, Value)]) throws -> [[Float]] {
        try withFile(file(adding: pairs)) {
            try TestModel($0).context().append((0..<40).map { $0 * 11 })
        }
    }

    @Test func aFactorWithoutATypeAndTheOlderKeyMeanLinear() throws {
        let key = "llama.rope.scaling.factor"
        let typed = try logits([("llama.rope.scaling.type", .string("linear")), (key, .float(4))])
        #expect(try logits([(key, .float(4))]) == typed)
        #expect(try logits([("llama.rope.scale_linear", .float(4))]) == typed)
        let plain = try logits([])
        #expect(plain != typed)
        #expect(try logits([(key, .float(1))]) == plain)
        #expect(try logits([("llama.rope.scale_linear", .float(0))]) == plain)
        let none = [("llama.rope.scaling.type", Value.string("none")), (key, .float(4))]
        #expect(try logits(none) == plain)
    }

    // MARK: - What a family lacks

    @Test(arguments: [
        ("qwen2/model-q8_0.gguf", "qwen2.expert_count"), (base, "llama.attention.sliding_window"),
    ])
    func whatAFamilyLacksIsNamedAsTheFileHasIt(name: String, key: String) throws {
        try withFile(file(name, adding: [(key, .int(6))])) { path in
            let message = #expect(throws: BoundaryError.self) { try probe(path) }?.message ?? ""
            #expect(message.contains("'\(key)' is 6"), "\(message)")
        }
    }

    // MARK: - Tokenizer

    /// The file with what follows `text` changed.
    private func file(behind text: String, from old: Data, to new: Data) throws -> Data {
        var file = try file()
        let place = try #require(file.range(of: Data(text.utf8)))
        let value = try #require(file.range(of: old, in: place.upperBound..<file.endIndex))
        try #require(old.count == new.count && value.lowerBound - place.upperBound < 16)
        file.replaceSubrange(value, with: new)
        return file
    }

    private func withOtherPreTokenizer<T>(_ body: (String) throws -> T) throws -> T {
        try withFile(
            file(behind: "tokenizer.ggml.pre", from: Data("qwen2".utf8), to: Data("qwen9".utf8)),
            body)
    }

    @Test func anUnknownWayOfCuttingWordsIsRefusedAtProbeWithItsKeyAndTheRemedy() throws {
        try withOtherPreTokenizer { path in
            for open in [{ _ = try probe(path) }, { _ = try TestModel(path) }] {
                let message = #expect(throws: BoundaryError.self) { try open() }?.message ?? ""
                #expect(message.contains("'tokenizer.ggml.pre' is 'qwen9'"), "\(message)")
                #expect(message.contains(#"settings = { pre_tokenizer = "llama-bpe" }"#))
                #expect(message.contains(path))
            }
        }
    }

    @Test func theSettingsNameTheWayOfCuttingWords() throws {
        let text = "It's 12345"
        let own = try TestModel(Fixtures.find(Self.base)).tokenize(text)
        try withOtherPreTokenizer { path in
            let named = try TestModel(path, settings: #"{"pre_tokenizer": "qwen2"}"#)
            #expect(try named.tokenize(text) == own)
            #expect(try named.info()["notes"] == nil)
        }
    }

    @Test func anIDOutsideOfTheVocabularyIsANoteOfTheModel() throws {
        let data = try file()
        let key = Data("tokenizer.ggml.padding_token_id".utf8)
        let place = try #require(data.range(of: key)).upperBound + 4
        var changed = data
        changed.replaceSubrange(place..<place + 4, with: Self.bytes(UInt32.max))
        try withFile(changed) { path in
            let notes = try TestModel(path).info()["notes"] as? [String] ?? []
            #expect(notes.count == 1)
            #expect(
                notes.first?.hasPrefix("'tokenizer.ggml.padding_token_id' is 4294967295") == true)
        }
    }
}
