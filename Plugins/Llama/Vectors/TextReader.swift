import PluginCommon
import PluginKit
import TensorRuntime
import Tokenizers

/// Whole texts to states: the tokenizer, the network, and how much of both at a time.
struct TextReader: Sendable {
    let tokenizer: any Tokenizer
    let network: any DecoderNetwork
    let memory: SequenceCache.Layout
    let vocabularySize: Int
    /// The length limit of a text, special tokens included; a longer text is cut.
    let maxTokens: Int

    /// The tokens of a text that stands alone.
    ///
    /// - Parameter maxLength: the most tokens, special ones included.
    func tokens(_ text: String, maxLength: Int?) throws -> [Int32] {
        let ids = try tokenizer.encode(
            text, maxLength: maxLength, addSpecial: true, parseSpecial: true
        ).ids
        return ids.isEmpty ? nothing : ids
    }

    /// What is read in place of a text without tokens.
    private var nothing: [Int32] {
        let vocabulary = tokenizer.vocabulary
        return [vocabulary.eos ?? vocabulary.bos ?? vocabulary.pad ?? 0]
    }

    func read(_ text: String) throws -> [Int32] { try tokens(text, maxLength: maxTokens) }

    /// The tokens of a text before and after the cut.
    func count(_ text: String) throws -> TokenCount {
        let whole = try tokens(text, maxLength: nil).count
        return TokenCount(whole: whole, read: min(whole, maxTokens))
    }

    /// Runs texts through the network, some at a time.
    ///
    /// - Parameter body: gets the indices of some texts and the states of their tokens, [N, D].
    func forEachPass(
        over texts: [[Int32]], _ call: Call,
        _ body: (Range<Int>, Tensor, PackedSequences) throws -> Void
    ) throws {
        for pass in TextPasses.split(texts.map(\.count)) {
            try check(texts[pass], from: pass.lowerBound)
            let sequences = PackedSequences(lengths: texts[pass].map(\.count))
            let states = try states(
                Array(texts[pass].joined()), sequences, wanted: Array(0..<sequences.tokens), call)
            try body(pass, states, sequences)
        }
    }

    /// The same with the state of each text's last token, [texts, D].
    func forEachPass(
        overEndsOf texts: [[Int32]], _ call: Call, _ body: (Range<Int>, Tensor) throws -> Void
    ) throws {
        for pass in TextPasses.split(texts.map(\.count)) {
            try check(texts[pass], from: pass.lowerBound)
            let sequences = PackedSequences(lengths: texts[pass].map(\.count))
            let states = try states(
                Array(texts[pass].joined()), sequences,
                wanted: sequences.offsets.dropFirst().map { $0 - 1 }, call)
            try body(pass, states)
        }
    }

    private func states(
        _ tokens: [Int32], _ sequences: PackedSequences, wanted: [Int], _ call: Call
    ) throws -> Tensor {
        let cache = try SequenceCache(
            passing: memory, sequences: sequences.count,
            positions: max(1, sequences.lengths.max() ?? 1))
        let rows = SequenceRows(
            sequences: (0..<sequences.count).flatMap { sequence in
                sequences[sequence].map { _ in sequence }
            }, positions: sequences.positions)
        try cache.begin(rows)
        defer { cache.rollback() }
        return try network.states(tokens, at: rows, cache, wanted: wanted) { try call.check() }
    }

    /// Tokens from a caller are not to be trusted.
    private func check(_ texts: ArraySlice<[Int32]>, from first: Int) throws {
        for (index, text) in zip(first..., texts) {
            for token in text where !(0..<vocabularySize).contains(Int(token)) {
                throw LlamaError.token(token, text: index, vocabulary: vocabularySize)
            }
        }
    }
}
