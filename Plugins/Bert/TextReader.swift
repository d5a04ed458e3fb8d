import PluginCommon
import PluginKit
import TensorRuntime
import Tokenizers

/// Texts to states: the tokenizer, the network, and how much of both at a time.
struct TextReader: Sendable {
    let tokenizer: any Tokenizer
    let encoder: any Encoder
    let vocabularySize: Int
    /// The length limit of a text, special tokens included; a longer text is cut.
    let maxTokens: Int

    func read(_ text: String) throws -> TokenizedText {
        TokenizedText(try encode(text, maxLength: maxTokens))
    }

    func read(_ first: String, pair second: String) throws -> TokenizedText {
        TokenizedText(try encode(first, pair: second, maxLength: maxTokens))
    }

    /// The tokens of a text before and after the cut.
    func count(_ text: String) throws -> TokenCount {
        count(try encode(text, maxLength: nil))
    }

    /// The same of a pair.
    func count(_ first: String, pair second: String) throws -> TokenCount {
        count(try encode(first, pair: second, maxLength: nil))
    }

    private func count(_ whole: Encoding) -> TokenCount {
        TokenCount(whole: whole.count, read: min(whole.count, maxTokens))
    }

    /// Runs texts through the network, some at a time.
    ///
    /// - Parameter body: gets the indices of some texts and their states, [N, D].
    func forEachPass(
        over texts: [TokenizedText], _ call: Call,
        _ body: (Range<Int>, Tensor, PackedSequences) throws -> Void
    ) throws {
        for pass in TextPasses.split(texts.map(\.tokens.count)) {
            try check(texts[pass], from: pass.lowerBound)
            let sequences = PackedSequences(lengths: texts[pass].map(\.tokens.count))
            let states = try sequences.inGroups { group in
                let batch = TokenBatch(texts[pass][group + pass.lowerBound])
                return try encoder(batch) { _ in try call.check() }
            }
            try body(pass, states, sequences)
        }
    }

    /// Tokens from a caller are not to be trusted.
    private func check(_ texts: ArraySlice<TokenizedText>, from first: Int) throws {
        for (index, text) in zip(first..., texts) {
            for token in text.tokens where !(0..<vocabularySize).contains(Int(token)) {
                throw BertError.token(token, text: index, vocabulary: vocabularySize)
            }
        }
    }
}

// MARK: - Tokens

extension TextReader {
    /// A text that stands alone, in which "[SEP]" is that token, as in the reference.
    ///
    /// - Parameter maxLength: the most tokens, special ones included.
    func encode(_ text: String, maxLength: Int?) throws -> Encoding {
        try tokenizer.encode(text, maxLength: maxLength, addSpecial: true, parseSpecial: true)
    }

    /// "[SEP]" in a text beside another is five plain characters: otherwise a document could end
    /// its segment and pose as the query.
    private func encode(
        _ first: String, pair second: String, maxLength: Int?
    ) throws -> Encoding {
        try tokenizer.encode(first, pair: second, maxLength: maxLength, parseSpecial: false)
    }

    /// A question together with each window of a passage; windows share `overlap` tokens.
    func windows(question: String, passage: String, overlap: Int) throws -> [Encoding] {
        try tokenizer.windows(
            question: question, context: passage, maxLength: maxTokens, stride: overlap,
            parseSpecial: false)
    }
}

extension TokenizedText {
    init(_ encoding: Encoding) {
        self.init(tokens: encoding.ids, segments: encoding.typeIDs)
    }
}

/// A range that begins `distance` later.
private func + (range: Range<Int>, distance: Int) -> Range<Int> {
    range.lowerBound + distance..<range.upperBound + distance
}
