import Foundation
import TestFixtures
import Testing
import Tokenizers

/// Where the reference files are.
enum Fixtures {
    /// Small files that are part of the repository.
    static let own = TestFiles.own("Tests/Fixtures/tokenizers")

    /// The demo models.
    static let models = TestFiles.own("Models")

    static func data(_ path: String) throws -> Data { try TestFiles.data(path) }

    static func tokenizer(_ kind: String) throws -> any Tokenizer {
        try Tokenizers.load(directory: "\(own)/\(kind)")
    }

    /// Runs `body` with a folder that holds `files` and is gone afterwards.
    static func withDirectory<T>(_ files: [String: String], _ body: (String) throws -> T) throws
        -> T
    {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "tokenizers-\(UInt64.random(in: .min ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files {
            try Data(text.utf8).write(to: folder.appending(path: name))
        }
        return try body(folder.path)
    }
}

/// The encodings of the tricky strings by the reference implementation.
struct Golden: Decodable {
    struct Case: Decodable {
        let text: String
        let ids: [Int32]
        let idsWithoutSpecial: [Int32]?
        /// The first code point of each id, and the one behind its last.
        let offsets: [Int]?
        /// Where it differs from the text.
        let normalized: String?
        let preTokens: [String]?
        let decoded: String?
        let decodedWithoutSpecial: String
        let sentencePieceIDs: [Int32]?

        enum CodingKeys: String, CodingKey {
            case text, ids, offsets, normalized, decoded
            case preTokens = "pretokens"
            case idsWithoutSpecial = "ids_no_special"
            case decodedWithoutSpecial = "decoded_skip_special"
            case sentencePieceIDs = "sentencepiece_ids"
        }
    }

    let cases: [Case]

    init(_ kind: String) throws {
        self = try JSONDecoder().decode(
            Golden.self, from: Fixtures.data("\(Fixtures.own)/\(kind)/golden.json"))
    }
}

extension Tokenizer {
    /// Encodes as the reference did for its goldens: special tokens in the text are parsed.
    func reference(_ text: String, addSpecial: Bool) throws -> [Int32] {
        try encode(text, addSpecial: addSpecial, parseSpecial: true)
    }
}

/// The reference parses special tokens in a text of whomever.
extension Tokenizer {
    func encode(_ text: String, maxLength: Int?, addSpecial: Bool) throws -> Encoding {
        try encode(text, maxLength: maxLength, addSpecial: addSpecial, parseSpecial: true)
    }

    func encode(
        _ first: String, pair second: String, maxLength: Int?,
        truncation: Truncation = .longestFirst
    ) throws -> Encoding {
        try encode(
            first, pair: second, maxLength: maxLength, truncation: truncation, parseSpecial: true)
    }

    func windows(
        question: String, context: String, maxLength: Int, stride: Int
    ) throws -> [Encoding] {
        try windows(
            question: question, context: context, maxLength: maxLength, stride: stride,
            parseSpecial: true)
    }
}

extension TokenizerVocabulary {
    /// Whether all of these are its tokens.
    func has(_ ids: [Int32]) -> Bool { ids.allSatisfy { (0..<Int32(count)).contains($0) } }
}

extension Fixtures {
    private struct UnigramFile: Decodable {
        struct Piece: Decodable {
            let spelling: String
            let score: Float

            init(from decoder: any Decoder) throws {
                var list = try decoder.unkeyedContainer()
                spelling = try list.decode(String.self)
                score = try list.decode(Float.self)
            }
        }

        struct Model: Decodable {
            let vocab: [Piece]
        }

        struct Normalizer: Decodable {
            let precompiled_charsmap: Data
        }

        struct Added: Decodable {
            let id: Int
        }

        let model: Model
        let normalizer: Normalizer
        let added_tokens: [Added]
    }

    /// The fixture "unigram" as a GGUF file would describe it.
    static func unigramGGUF() throws -> GGUFVocabulary {
        let file = try JSONDecoder().decode(
            UnigramFile.self, from: data("\(own)/unigram/tokenizer.json"))
        var vocabulary = GGUFVocabulary(
            model: "t5", tokens: ByteStrings(file.model.vocab.map(\.spelling)))
        vocabulary.scores = file.model.vocab.map(\.score)
        let control = Set(file.added_tokens.map(\.id))
        vocabulary.types = file.model.vocab.indices.map { control.contains($0) ? 3 : 1 }
        vocabulary.characterMap = Array(file.normalizer.precompiled_charsmap)
        (vocabulary.eos, vocabulary.unknown, vocabulary.pad) = (1, 2, 0)
        return vocabulary
    }
}
