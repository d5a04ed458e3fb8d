import Testing
import Tokenizers

/// Metadata that contradicts itself: each is an error that names the key.
@Suite struct HostileGGUFTests {
    private func error(_ change: (inout GGUFVocabulary) -> Void) -> TokenizerError? {
        var file = ByteLevelVocabulary.gguf(merges: [("a", "b")], control: ["<s>"])
        change(&file)
        do {
            _ = try Tokenizers.load(gguf: file)
            return nil
        } catch { return error as? TokenizerError }
    }

    @Test func aSoundFileLoads() { #expect(error { _ in } == nil) }

    @Test func idsOutsideTheVocabularyAreRefused() {
        for id in [-1, 258, 1_000_000_000, .max, .min] {
            let expected = { (key: String) in
                TokenizerError.idOutOfRange(key: "tokenizer.ggml.\(key)", id: id, limit: 258)
            }
            #expect(error { $0.bos = id } == expected("bos_token_id"))
            #expect(error { $0.eos = id } == expected("eos_token_id"))
        }
    }

    /// Some converters write -1, or the number of rows, for a token that the model has not.
    @Test(arguments: [-1, 258, 4_294_967_295, .max, .min])
    func idsThatShapeNoTextAreNotedAndLeftOut(id: Int) throws {
        var file = ByteLevelVocabulary.gguf(merges: [("a", "b")], control: ["<s>"])
        (file.pad, file.eot, file.eom, file.mask) = (id, id, id, id)
        let tokenizer = try Tokenizers.load(gguf: file)
        #expect(tokenizer.vocabulary.pad == nil && tokenizer.vocabulary.eot == nil)
        #expect(
            tokenizer.notes
                == ["padding", "eot", "eom", "mask"].map {
                    "'tokenizer.ggml.\($0)_token_id' is \(id), expected 0 ..< 258; it is left out"
                })
    }

    @Test func arraysHaveOneEntryForEachToken() {
        #expect(error { $0.types?.removeLast() } != nil)
        #expect(error { $0.types = [] } != nil)
        #expect(
            error { $0.types?[3] = 9 }
                == .invalid(key: "tokenizer.ggml.token_type", found: "9", expected: "1 to 6"))
    }

    @Test func mergesNameTokens() {
        #expect(error { $0.merges = nil } == .missing(key: "tokenizer.ggml.merges"))
        #expect(
            error { $0.merges = ByteStrings(["b a"]) } == .mergeWithoutToken(merge: 0, token: "ba"))
        for line in ["", "ab", " ab", "a b c", "a ", " "] {
            #expect(error { $0.merges = ByteStrings([line]) } != nil, "\(line)")
        }
    }

    @Test func aTokenIsThereOnce() {
        #expect(
            error {
                $0.tokens.append("a".utf8)
                $0.types?.append(1)
            } == .tokenTwice(token: "a"))
    }

    @Test func addedTokensAreBoundedInLength() {
        #expect(
            error {
                $0.tokens.append(String(repeating: "x", count: 2000).utf8)
                $0.types?.append(3)
            } != nil)
    }

    @Test func aPromiseNeedsItsToken() {
        #expect(error { $0.addBOS = true } == .missing(key: "tokenizer.ggml.bos_token_id"))
        #expect(error { $0.addEOS = true } == .missing(key: "tokenizer.ggml.eos_token_id"))
    }

    @Test func anUnknownModelIsNamed() {
        #expect(
            error { $0.model = "rwkv" }
                == .unsupported(part: "tokenizer.ggml.model", kind: "rwkv"))
        #expect(error { $0.tokens = ByteStrings() } != nil)
    }

    @Test func scoresAreNumbersForAllTokens() {
        var file = GGUFVocabulary(
            model: "llama", tokens: ByteStrings(["<unk>", "<s>", "</s>", "▁", "a"]))
        file.types = [2, 3, 3, 1, 1]
        #expect(throws: TokenizerError.missing(key: "tokenizer.ggml.scores")) {
            try Tokenizers.load(gguf: file)
        }
        for scores: [Float] in [[0], [0, 0, 0, 0, .nan]] {
            file.scores = scores
            #expect(throws: TokenizerError.self) { try Tokenizers.load(gguf: file) }
        }
        file.scores = [0, 0, 0, -.infinity, .infinity]
        #expect(throws: Never.self) { try Tokenizers.load(gguf: file) }
    }

    @Test func whatNoTokenWritesIsUnknown() throws {
        var file = GGUFVocabulary(
            model: "llama", tokens: ByteStrings(["<unk>", "<s>", "</s>", "▁", "a"]))
        file.types = [2, 3, 3, 1, 1]
        file.scores = [0, 0, 0, -1, -2]
        let tokenizer = try Tokenizers.load(gguf: file)
        #expect(
            try tokenizer.encode("axxa", addSpecial: true, parseSpecial: false) == [1, 3, 4, 0, 4])
    }

    /// Two merges of one score go left to right, a better score goes first, whatever its place.
    @Test func scoresDecideTheOrderOfMerges() throws {
        var file = GGUFVocabulary(
            model: "llama",
            tokens: ByteStrings(["<unk>", "<s>", "</s>", "▁", "a", "b", "ab", "ba", "aa"]))
        file.types = [2, 3, 3, 1, 1, 1, 1, 1, 1]
        file.addSpacePrefix = false
        file.addBOS = false
        file.scores = [0, 0, 0, -9, -9, -9, -2, -1, -2]
        let encode = { (text: String) in
            try Tokenizers.load(gguf: file).encode(text, addSpecial: true, parseSpecial: false)
        }
        #expect(try encode("aba") == [4, 7])
        #expect(try encode("aaab") == [8, 6])
        file.scores = [0, 0, 0, -9, -9, -9, -1, -2, -3]
        #expect(try encode("aba") == [6, 4])
        #expect(try encode("aaab") == [8, 6])
    }
}
