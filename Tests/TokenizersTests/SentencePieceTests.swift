import Foundation
import TestFixtures
import Testing
import Tokenizers

/// SentencePiece's own files against its library.
@Suite struct SentencePieceTests {
    private struct Golden: Decodable {
        let texts: [String]
        /// The ids of each text with each model.
        let ids: [String: [[Int32]]]

        var cases: (String) -> [(text: String, ids: [Int32])] {
            { name in zip(texts, ids[name] ?? []).map { ($0, $1) } }
        }
    }

    private static let folder = "\(Fixtures.own)/sentencepiece"
    private static let models = [
        "unigram", "unigram-bytes", "unigram-suffix", "bpe", "bpe-plain",
    ]

    private static func golden() throws -> Golden {
        try JSONDecoder().decode(Golden.self, from: Fixtures.data("\(folder)/golden.json"))
    }

    private static func model(_ name: String) throws -> Data {
        try Fixtures.data("\(folder)/\(name).model")
    }

    /// - Parameter settings: `tokenizer_config.json`.
    private static func load(
        _ model: Data, _ settings: String? = nil, as name: String = "spiece.model"
    ) throws -> any Tokenizer {
        try Fixtures.withDirectory(settings.map { ["tokenizer_config.json": $0] } ?? [:]) {
            try model.write(to: URL(filePath: "\($0)/\(name)"))
            return try Tokenizers.load(directory: $0)
        }
    }

    /// Nil for a file that is refused, as files are.
    private static func loaded(_ model: Data) throws -> (any Tokenizer)? {
        do {
            return try load(model)
        } catch is TokenizerError {
            return nil
        }
    }

    private static func agree(_ tokenizer: any Tokenizer, _ name: String) throws {
        for (text, ids) in try golden().cases(name) {
            let found = try tokenizer.encode(text, addSpecial: false, parseSpecial: false)
            #expect(found == ids, "\(name): \(text.debugDescription)")
        }
    }

    @Test(arguments: models) func textsAreCutAsTheLibraryCutsThem(name: String) throws {
        #expect(try Self.golden().cases(name).count == 184)
        try Self.agree(Self.load(Self.model(name)), name)
    }

    @Test func theFullMapOfCharactersIsTheLibrarys() throws {
        let file = try TestFiles.shared("fixtures/t5-tiny/v1_0/spiece.model")
        try Self.agree(Self.load(Fixtures.data(file)), "shared")
    }

    /// Models of both kinds of the reference set, and its tricky strings.
    @Test(
        arguments: [("spm-bpe", "tokenizer.model"), ("unigram", "spiece.model")])
    func trickyStringsAreCutAsTheLibraryCutsThem(kind: String, name: String) throws {
        let file = try Fixtures.data(TestFiles.shared("fixtures/tokenizers/\(kind)/\(name)"))
        let tokenizer = try Self.load(file, as: name)
        let cases = try TokenizersTests.Golden(kind).cases
        for example in cases {
            let found = try tokenizer.encode(example.text, addSpecial: false, parseSpecial: false)
            #expect(found == example.sentencePieceIDs, "\(example.text.debugDescription)")
        }
        #expect(cases.count == 73)
    }

    /// "ﬁ" is two characters of one, and extra spaces are nobody's.
    @Test func offsetsArePlacesOfTheOriginal() throws {
        let tokenizer = try Self.load(Self.model("unigram"))
        let text = "  the  \u{FB01}\u{200B}n e\u{301}"
        let encoding = try tokenizer.encode(text, maxLength: nil, addSpecial: false)
        var places: [Range<Int>] = []
        for (id, range) in zip(encoding.ids, encoding.offsets) {
            let piece = String(decoding: tokenizer.vocabulary.piece(id), as: UTF8.self)
            places.append(range)
            if piece == " the" { #expect(range == 2..<5) }
        }
        #expect(places.first?.lowerBound == 2)
        #expect(places.contains { $0.contains(7) })
        #expect(places.last?.upperBound == 12)
        #expect(zip(places, places.dropFirst()).allSatisfy { $0.lowerBound <= $1.lowerBound })
    }

    // MARK: - What models make of the ids

    private static let text = "the river zzz 京都"

    private func ids(_ settings: String, as name: String, pair: Bool = false) throws -> [Int32] {
        let tokenizer = try Self.load(Self.model("unigram"), settings, as: name)
        return pair
            ? try tokenizer.encode(Self.text, pair: Self.text, maxLength: nil).ids
            : try tokenizer.encode(Self.text, maxLength: nil, addSpecial: true).ids
    }

    private func plain() throws -> [Int32] {
        try Self.load(Self.model("unigram"))
            .encode(Self.text, addSpecial: false, parseSpecial: false)
    }

    @Test func t5EndsTextsAndHasSentinels() throws {
        let settings = #"{"tokenizer_class": "T5Tokenizer", "extra_ids": 3}"#
        let tokenizer = try Self.load(Self.model("unigram"), settings)
        #expect(try ids(settings, as: "spiece.model") == plain() + [2])
        #expect(
            try ids(settings, as: "spiece.model", pair: true) == plain() + [2] + plain() + [2])
        let count = Int32(tokenizer.vocabulary.count)
        let sentinels = try tokenizer.encode(
            "<extra_id_0> <extra_id_2>", addSpecial: false, parseSpecial: true)
        #expect(sentinels.first == count - 1 && sentinels.last == count - 3)
    }

    /// fairseq's ids: its own four tokens first, then the file's without its first three.
    @Test func xlmRobertaHasTheIDsOfFairseq() throws {
        let expected = try plain().map { $0 == 0 ? 3 : $0 + 1 }
        for settings in [
            #"{"tokenizer_class": "XLMRobertaTokenizer"}"#,
            #"{"tokenizer_class": "XLMRobertaTokenizerFast", "sep_token": "</s>"}"#,
        ] {
            let name = "sentencepiece.bpe.model"
            #expect(try ids(settings, as: name) == [0] + expected + [2])
            #expect(
                try ids(settings, as: name, pair: true)
                    == [0] + expected + [2, 2] + expected + [2])
        }
        let tokenizer = try Self.load(
            Self.model("unigram"), #"{"tokenizer_class": "XLMRobertaTokenizer"}"#)
        let mask = try tokenizer.encode("the <mask>", maxLength: nil, addSpecial: false)
        #expect(mask.ids.last == Int32(tokenizer.vocabulary.count) - 1)
        #expect(mask.offsets.last == 3..<10)
        #expect(mask.ids.count == 2)
        #expect(tokenizer.vocabulary.pad == 1)
    }

    @Test func camembertHasFourTokensBefore() throws {
        let settings = #"{"tokenizer_class": "CamembertTokenizer"}"#
        let expected = try plain().map { $0 == 0 ? 3 : $0 + 4 }
        #expect(try ids(settings, as: "sentencepiece.bpe.model") == [5] + expected + [6])
    }

    @Test func llamaBeginsTexts() throws {
        #expect(
            try ids(#"{"tokenizer_class": "LlamaTokenizer"}"#, as: "tokenizer.model")
                == [1] + plain())
        let settings =
            #"{"tokenizer_class": "LlamaTokenizer", "add_bos_token": false, "add_eos_token": true}"#
        #expect(try ids(settings, as: "tokenizer.model") == plain() + [2])
    }

    @Test func listedTokensAreFoundAndHaveTheirIDs() throws {
        let settings = """
            {"added_tokens_decoder": {"250": {"content": "<turn>", "special": true},
             "251": {"content": "blue", "special": false, "lstrip": true}}}
            """
        let tokenizer = try Self.load(Self.model("unigram"), settings)
        #expect(tokenizer.vocabulary.count == 252)
        #expect(tokenizer.vocabulary.attributes[200] == .unused)
        let found = try tokenizer.encode(
            "<turn> blue", addSpecial: false, parseSpecial: true)
        #expect(found.first == 250 && found.last == 251)
        let plain = try tokenizer.encode("<turn>", addSpecial: false, parseSpecial: false)
        #expect(!plain.contains(250))
    }

    @Test func anUnknownClassIsRefusedByItsName() throws {
        #expect {
            try Self.load(Self.model("unigram"), #"{"tokenizer_class": "ReformerTokenizer"}"#)
        } throws: { "\($0)".contains("ReformerTokenizer") }
    }

    @Test func tokenizerJSONComesFirst() throws {
        let json = #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#
        let tokenizer = try Fixtures.withDirectory(["tokenizer.json": json]) {
            try Self.model("bpe").write(to: URL(filePath: "\($0)/tokenizer.model"))
            return try Tokenizers.load(directory: $0)
        }
        #expect(tokenizer.vocabulary.count == 1)
    }
}

// MARK: - Hostile files

extension SentencePieceTests {
    private static func piece(_ text: String, score: Float = -1, type: UInt8 = 1) -> [UInt8] {
        let bits = withUnsafeBytes(of: score.bitPattern.littleEndian) { Array($0) }
        let body =
            [0x0A, UInt8(text.utf8.count)] + Array(text.utf8) + [0x15] + bits + [0x18, type]
        return [0x0A, UInt8(body.count)] + body
    }

    private static let least = piece("<unk>", type: 2) + piece("a")

    @Test func theSmallestFileLoads() throws {
        let tokenizer = try Self.load(Data(Self.least))
        #expect(try tokenizer.encode("a", addSpecial: true, parseSpecial: true) == [0, 1])
    }

    static let wrong: [(bytes: [UInt8], message: String)] = [
        ([], "one unknown piece"),
        (piece("a"), "with 0 unknown"),
        (least + piece("b", type: 2), "with 2 unknown"),
        (least + piece(""), "pieces[2]"),
        (least + piece("b", score: .nan), "pieces[2]"),
        (least + piece("b", type: 7), "pieces[2].type"),
        (least + [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], "byte"),
        (least + [0x0A, 0x05, 0x0A], "expected at most"),
        (least + [0x0A], "the end"),
        (least + [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], "ten bytes"),
        (least + [0x00, 0x00], "field 0"),
        (least + [0x0B], "kind 3"),
        (least + [0x12, 0x02, 0x18, 0x09], "trainer_spec.model_type"),
        (least + [0x12, 0x02, 0x18, 0x03], "'word'"),
        (least + [0x1A, 0x05, 0x12, 0x03, 1, 2, 3], "precompiled_charsmap"),
        (least + [0x1A, 0x06, 0x12, 0x04, 0xFC, 0xFF, 0xFF, 0xFF], "precompiled_charsmap"),
    ]

    @Test(arguments: wrong.indices) func anErrorSaysWhatIsWrong(index: Int) {
        let (bytes, message) = Self.wrong[index]
        #expect { try Self.load(Data(bytes)) } throws: { error in
            "\(error)".contains(message) && "\(error)".contains("spiece.model")
        }
    }

    /// Every place where a trie may lead is checked: one that leads in circles ends with the text.
    @Test func aMapThatLeadsInCirclesEnds() throws {
        let unit = { (word: UInt32) in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
        // Units that all say "the byte a, and on to where you are".
        let trie = (0..<256).flatMap { _ in unit(0x61 | 1 << 10) }
        let map = unit(UInt32(trie.count)) + trie + [0x62, 0]
        var field: [UInt8] = [0x12, UInt8(map.count & 0x7F | 0x80), UInt8(map.count >> 7)] + map
        field = [0x1A, UInt8(field.count & 0x7F | 0x80), UInt8(field.count >> 7)] + field
        let tokenizer = try Self.load(Data(Self.least + field))
        let text = String(repeating: "a", count: 100_000)
        #expect(try !tokenizer.encode(text, addSpecial: false, parseSpecial: false).isEmpty)
    }

    @Test(arguments: models) func aTruncatedFileIsAnErrorOrLoads(name: String) throws {
        let file = try Self.model(name)
        for length in stride(from: 0, to: file.count, by: 41) {
            guard let tokenizer = try Self.loaded(file.prefix(length)) else { continue }
            let ids = try tokenizer.encode("the river 123", addSpecial: true, parseSpecial: true)
            #expect(tokenizer.vocabulary.has(ids), "\(length) bytes")
        }
    }

    @Test(arguments: 0..<6) func aFileWithChangedBytesNeverCrashes(seed: Int) throws {
        let file = try Self.model(Self.models[seed % Self.models.count])
        var random = Random(UInt64(seed))
        for _ in 0..<60 {
            var changed = file
            for _ in 0..<4 {
                let place = Int.random(in: 0..<file.count, using: &random)
                changed[place] = UInt8.random(in: 0...255, using: &random)
            }
            guard let tokenizer = try Self.loaded(changed) else { continue }
            for text in ["the river  e\u{301}\u{FF34}<sep> 123", "😀"] {
                let ids = try tokenizer.encode(text, addSpecial: true, parseSpecial: true)
                #expect(tokenizer.vocabulary.has(ids))
            }
        }
    }
}
