import Testing
import Tokenizers

/// The forms of published encoder models' tokenizer.json that the goldens have no example of.
@Suite struct EncoderFileTests {
    private static func load(_ file: String) throws -> any Tokenizer {
        try Fixtures.withDirectory(["tokenizer.json": file]) { try Tokenizers.load(directory: $0) }
    }

    /// ModernBERT: byte-level BPE with form C, tokens of spaces found in the normalized text, and a mask
    /// that takes the space before it.
    @Test func modernBERTsAddedTokensOfSpacesAreFound() throws {
        let alphabet = ["a", "b", "Ġ", "Ã", "©"].enumerated().map { #""\#($1)": \#($0)"# }
        let tokenizer = try Self.load(
            """
            {"added_tokens": [
               {"id": 5, "content": "  ", "normalized": true, "special": false},
               {"id": 6, "content": "   ", "normalized": true, "special": false},
               {"id": 7, "content": "[CLS]", "normalized": false, "special": true},
               {"id": 8, "content": "[SEP]", "normalized": false, "special": true},
               {"id": 9, "content": "[MASK]", "lstrip": true, "normalized": false, "special": true}],
             "normalizer": {"type": "NFC"},
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
             "post_processor": {"type": "TemplateProcessing",
               "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                 {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
               "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                 {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
                 {"Sequence": {"id": "B", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
               "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [7], "tokens": ["[CLS]"]},
                 "[SEP]": {"id": "[SEP]", "ids": [8], "tokens": ["[SEP]"]}}},
             "decoder": {"type": "ByteLevel"},
             "model": {"type": "BPE", "vocab": {\(alphabet.joined(separator: ","))}, "merges": []}}
            """)
        let encoding = try tokenizer.encode(
            "a   e\u{301} [MASK]  b", maxLength: nil, addSpecial: true)
        #expect(encoding.ids == [7, 0, 6, 3, 4, 9, 5, 1, 8])
        #expect(
            encoding.offsets == [
                0..<0, 0..<1, 1..<4, 4..<5, 4..<5, 6..<13, 13..<15, 15..<16, 0..<0,
            ])
        #expect(
            try tokenizer.encode("a", pair: "b", maxLength: nil).ids == [7, 0, 8, 1, 8])
    }

    /// XLM-R: the character map, then words by white space, each with U+2581 before it.
    @Test func normalizersInSequenceKeepOffsets() throws {
        let tokenizer = try Self.load(
            """
            {"normalizer": {"type": "Sequence", "normalizers": [
               {"type": "Replace", "pattern": {"String": "``"}, "content": "\\""},
               {"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"},
               {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
               {"type": "Strip", "strip_left": true, "strip_right": true}]},
             "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
               {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}]},
             "model": {"type": "Unigram", "unk_id": 0,
               "vocab": [["<unk>", 0], ["▁", -3], ["\\"", -3], ["e", -3], ["▁x", -2]]}}
            """)
        let encoding = try tokenizer.encode("  ``É   X ", maxLength: nil, addSpecial: true)
        #expect(encoding.ids == [1, 2, 3, 4])
        #expect(encoding.offsets == [3..<4, 3..<4, 4..<5, 8..<9])
    }

    @Test func clipsWordsEndWithAMark() throws {
        let tokenizer = try Fixtures.tokenizer("clip")
        let ids = try tokenizer.encode("A Cat", addSpecial: false, parseSpecial: false)
        let pieces = ids.map { String(decoding: tokenizer.vocabulary.piece($0), as: UTF8.self) }
        #expect(pieces == ["a ", "c", "at "])
        #expect(tokenizer.vocabulary.decode(ids) == Array("a cat".utf8))
    }
}
