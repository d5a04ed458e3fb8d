import FoundationEssentials
import Testing
import Tokenizers

/// Files that are wrong, by accident or on purpose: each is an error that says where.
@Suite struct HostileFileTests {
    private static func load(_ file: String) throws -> any Tokenizer {
        try Fixtures.withDirectory(["tokenizer.json": file]) { folder in
            do {
                return try Tokenizers.load(directory: folder)
            } catch let TokenizerError.file(_, error) {
                throw error
            }
        }
    }

    private static func bpe(
        vocab: String = #"{"a": 0, "b": 1, "ab": 2}"#, merges: String = #"[["a", "b"]]"#,
        rest: String = ""
    ) -> String {
        #"{"model": {"type": "BPE", "vocab": \#(vocab), "merges": \#(merges)} \#(rest)}"#
    }

    private static func precompiled(_ map: String) -> String {
        bpe(rest: #", "normalizer": {"type": "Precompiled", "precompiled_charsmap": "\#(map)"}"#)
    }

    private static func template(single: String) -> String {
        bpe(
            rest: #", "post_processor": {"type": "TemplateProcessing", "single": \#(single)}"#)
    }

    @Test func aSoundFileLoads() throws {
        let tokenizer = try Self.load(Self.bpe())
        #expect(try tokenizer.encode("abba", addSpecial: true, parseSpecial: true) == [2, 1, 0])
    }

    static let wrong: [(file: String, error: TokenizerError)] = [
        (bpe(vocab: #"{"a": 0, "b": 0, "ab": 2}"#), .idTaken(id: 0, by: "a", and: "b")),
        (bpe(vocab: #"{"a": 0, "b": 1, "a": 2, "ab": 3}"#), .tokenTwice(token: "a")),
        (
            bpe(vocab: #"{"a": 0, "b": 1, "ab": 1000000000}"#),
            .idOutOfRange(key: "model.vocab", id: 1_000_000_000, limit: 1 << 22)
        ),
        (
            bpe(vocab: #"{"a": -1}"#),
            .idOutOfRange(key: "model.vocab", id: -1, limit: 1 << 22)
        ),
        (bpe(merges: #"[["a", "c"]]"#), .mergeWithoutToken(merge: 0, token: "c")),
        (bpe(merges: #"["a b", "b a"]"#), .mergeWithoutToken(merge: 1, token: "ba")),
        (
            bpe(rest: #", "added_tokens": [{"id": 4294967296, "content": "x"}]"#),
            .idOutOfRange(key: "added_tokens[0].id", id: 1 << 32, limit: 1 << 22)
        ),
        (
            bpe(rest: #", "added_tokens": [{"id": 1, "content": "x"}]"#),
            .idTaken(id: 1, by: "b", and: "x")
        ),
        (
            bpe(rest: #", "added_tokens": [{"id": "1", "content": "x"}]"#),
            .invalid(key: "added_tokens[0].id", found: "a string", expected: "an integer")
        ),
        (
            bpe(rest: #", "added_tokens": [{"id": 3}]"#),
            .missing(key: "added_tokens[0].content")
        ),
        (
            bpe(rest: #", "pre_tokenizer": {"type": "Magic"}"#),
            .unsupported(part: "pre-tokenizer", kind: "Magic")
        ),
        (
            bpe(rest: #", "pre_tokenizer": ["Split"]"#),
            .invalid(key: "pre_tokenizer", found: "an array", expected: "an object")
        ),
        (
            bpe(rest: #", "normalizer": {"type": "Magic"}"#),
            .unsupported(part: "normalizer", kind: "Magic")
        ),
        (
            precompiled("AAAA!"),
            .invalid(
                key: "normalizer.precompiled_charsmap", found: "a string", expected: "Base64")
        ),
        (
            precompiled("EAAAAA=="),
            .invalid(
                key: "normalizer.precompiled_charsmap", found: "4 bytes for a trie of 16",
                expected: "a trie and its strings")
        ),
        (#"{"model": {"type": "Magic"}}"#, .unsupported(part: "model", kind: "Magic")),
        (#"{"model": {"type": "Unigram"}}"#, .missing(key: "model.vocab")),
        (
            #"{"model": {"type": "Unigram", "unk_id": 7, "vocab": [["a", -1.5]]}}"#,
            .idOutOfRange(key: "model.unk_id", id: 7, limit: 1)
        ),
        (#"{"model": {"type": "WordPiece", "vocab": {"a": 0}}}"#, .missing(key: "model.unk_token")),
        (
            #"{"model": {"type": "WordPiece", "vocab": {"a": 0}, "unk_token": "b"}}"#,
            .invalid(key: "model.unk_token", found: "'b'", expected: "a token")
        ),
        (
            template(single: #"[{"SpecialToken": {"id": "[CLS]"}}]"#),
            .missing(key: "special_tokens.[CLS]")
        ),
        (
            template(single: #"[{"Sequence": {"id": "B"}}]"#),
            .invalid(key: "post_processor.single[0].Sequence.id", found: "'B'", expected: "A or B")
        ),
        (
            template(single: "[]"),
            .invalid(key: "post_processor.single", found: "0 texts", expected: "each text once")
        ),
        (
            bpe(
                rest:
                    #", "post_processor": {"type": "BertProcessing", "cls": ["a", 9], "sep": ["b", 1]}"#
            ), .idOutOfRange(key: "post_processor.cls[1]", id: 9, limit: 3)
        ),
    ]

    @Test(arguments: wrong.indices) func anErrorSaysWhatIsWrong(index: Int) {
        let (file, error) = Self.wrong[index]
        #expect(throws: error) { try Self.load(file) }
    }

    @Test(arguments: [
        "", "[", "{", #"{"model": {"vocab": {"a" 0}}}"#, #"{"model": "\#u{1}"}"#, "nul", "{} x",
        #"{"a": "\ud800"}"#, #"{"a": "\ud800A"}"#, #"{"a": "\x"}"#, #"{"a": "\u12"}"#,
        #"{"a": 1e999}"#, #"{"a": -}"#, #"{"a": "#,
        #"{"a": \#(String(repeating: "[", count: 100_000))"#,
        #"{"model": {"merges": ["ab"]}}"#, #"{"model": {"merges": ["a b c"]}}"#,
        #"{"model": {"merges": [["a", "b", "c"]]}}"#, #"{"model": {"vocab": {"a": 0.5}}}"#,
    ])
    func whatIsNotJSONIsRefusedAtItsByte(file: String) {
        #expect { try Self.load(file) } throws: { error in
            if case .malformed(let offset, _) = error as? TokenizerError {
                offset <= file.utf8.count
            } else {
                false
            }
        }
    }

    @Test func aPatternThatDoesNotCompileIsNamed() {
        let split = #"{"type": "Split", "pattern": {"Regex": "a("}, "behavior": "Isolated"}"#
        #expect { try Self.load(Self.bpe(rest: #", "pre_tokenizer": \#(split)"#)) } throws: {
            error in
            if case .pattern("a(", _, _) = error as? TokenizerError { true } else { false }
        }
    }

    @Test func aPatternWithoutBoundsGivesUp() throws {
        let split = #"{"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated"}"#
        let tokenizer = try Self.load(Self.bpe(rest: #", "pre_tokenizer": \#(split)"#))
        let text = String(repeating: "a", count: 60) + "b"
        #expect { try tokenizer.encode(text, addSpecial: false, parseSpecial: false) } throws: {
            if case .matching = $0 as? TokenizerError { true } else { false }
        }
    }

    /// Published patterns walk back over white space once: that is no reason to give up.
    @Test func longWhiteSpaceStaysWithinTheBounds() throws {
        let split =
            #"{"type": "Split", "pattern": {"Regex": "\\s*\\n|\\s+"}, "behavior": "Removed"}"#
        let tokenizer = try Self.load(Self.bpe(rest: #", "pre_tokenizer": \#(split)"#))
        let text = String(repeating: " ", count: 11_000_000) + "ab"
        #expect(try tokenizer.encode(text, addSpecial: false, parseSpecial: false) == [2])
    }

    @Test(arguments: ["bpe-llama3", "spm-bpe-metaspace"])
    func aTruncatedFileIsAnError(kind: String) throws {
        let path = "\(Fixtures.own)/\(kind)/tokenizer.json"
        let file = String(decoding: try Fixtures.data(path), as: UTF8.self)
        for length in stride(from: 0, to: file.utf8.count - 1, by: 397) {
            let part = String(decoding: Array(file.utf8.prefix(length)), as: UTF8.self)
            #expect(throws: TokenizerError.self) { try Self.load(part) }
        }
    }

    @Test(arguments: 0..<8) func aFileWithChangedBytesNeverCrashes(seed: Int) throws {
        let path = "\(Fixtures.own)/bpe-qwen2/tokenizer.json"
        let file = Array(try Fixtures.data(path))
        var random = Random(UInt64(seed))
        for _ in 0..<25 {
            var changed = file
            for _ in 0..<3 {
                let place = Int.random(in: 0..<file.count, using: &random)
                changed[place] = UInt8.random(in: 0x20...0x7E, using: &random)
            }
            let tokenizer: any Tokenizer
            do {
                tokenizer = try Self.load(String(decoding: changed, as: UTF8.self))
            } catch is TokenizerError {
                continue
            }
            let text = "It's 12 <tool_call>"
            let ids = try? tokenizer.encode(text, addSpecial: true, parseSpecial: true)
            #expect(tokenizer.vocabulary.has(ids ?? []))
        }
    }

    @Test func aMissingFileIsNamed() {
        #expect {
            try Tokenizers.load(directory: "/nowhere")
        } throws: { "\($0)".contains("/nowhere/tokenizer.json") }
    }
}
