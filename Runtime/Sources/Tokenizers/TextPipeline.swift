/// A tokenizer as a chain: added tokens, normalizer, pre-tokenizer, model, template.
struct TextPipeline<Words: Model>: Tokenizer {
    let vocabulary: TokenizerVocabulary
    let notes: [String]
    let added: AddedTokenSearch
    let normalizer: (any Normalizer)?
    let preTokenizer: (any PreTokenizer)?
    let model: Words
    let template: Template

    func encode(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool, plain: [Range<Int>]
    ) throws -> [Int32] {
        try encodeCountingSteps(
            text, addSpecial: addSpecial, parseSpecial: parseSpecial, plain: plain
        ).ids
    }

    // Callers hold the chain as `any Tokenizer`: without these it would run unspecialized.
    @_specialize(where Words == WordPiece)
    @_specialize(where Words == Unigram)
    @_specialize(where Words == BPE<RankedMerges>)
    @_specialize(where Words == BPE<ScoredMerges>)
    func encodeCountingSteps(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool, plain: [Range<Int>]
    ) throws -> (ids: [Int32], steps: Int) {
        var passage = Passage(
            self, parseSpecial: parseSpecial, plain: PlainBytes(plain), tracked: false)
        if addSpecial { passage.tokens.append(template.prefix) }
        try passage.encode(text)
        if addSpecial { passage.tokens.append(template.suffix) }
        return (passage.tokens.ids, model.steps(passage.workspace))
    }

    @_specialize(where Words == WordPiece)
    @_specialize(where Words == Unigram)
    @_specialize(where Words == BPE<RankedMerges>)
    @_specialize(where Words == BPE<ScoredMerges>)
    func encode(_ text: String, parseSpecial: Bool) throws -> Encoding {
        var passage = Passage(
            self, parseSpecial: parseSpecial, plain: PlainBytes([]), tracked: true)
        try passage.encode(text.utf8.span)
        var encoding = Encoding()
        encoding.ids = passage.tokens.ids
        encoding.offsets = passage.tokens.ranges
        return encoding
    }
}

extension TextPipeline {
    /// A text on its way through the chain.
    struct Passage {
        private let chain: TextPipeline
        private let parseSpecial: Bool
        private let plain: PlainBytes
        private let tracked: Bool
        /// Whether normalized text must record where it comes from.
        private let aligned: Bool
        var tokens: TokenWriter
        private(set) var workspace: Words.Workspace
        private var codePoints = CodePointCounter()

        /// - Parameter tracked: whether the tokens' ranges are wanted, in code points of the text.
        init(
            _ chain: TextPipeline, parseSpecial: Bool, plain: PlainBytes, tracked: Bool
        ) {
            self.chain = chain
            self.parseSpecial = parseSpecial
            self.plain = plain
            self.tracked = tracked
            aligned = tracked || parseSpecial && !plain.isEmpty && chain.added.normalizesSpecial
            tokens = TokenWriter(keepingRanges: tracked)
            workspace = chain.model.makeWorkspace()
        }

        mutating func encode(_ text: Span<UInt8>) throws {
            guard text.count <= Int(Int32.max) else {
                throw TokenizerError.textTooLong(bytes: text.count, limit: Int(Int32.max))
            }
            let plain = plain
            try chain.added.original(parseSpecial).split(text, allows: { !plain.touch($0) }) {
                part in
                switch part {
                case .token(let id, let range):
                    append(id, range, of: text, WordOrigin(start: 0, beginsText: true), of: text)
                case .text(let range): try normalize(range, of: text)
                }
            }
        }

        /// Text between added tokens that are found in the original.
        private mutating func normalize(_ range: Range<Int>, of text: Span<UInt8>) throws {
            let part = text.extracting(range)
            let rewritten = chain.normalizer?.normalize(part, tracked: aligned)
            var origin = WordOrigin(
                start: 0, beginsText: range.lowerBound == 0, base: range.lowerBound)
            if let alignment = rewritten?.alignment, !alignment.isIdentity {
                origin.respelling = alignment
            }
            if let rewritten {
                try cut(rewritten.bytes.span, origin, of: text)
            } else {
                try cut(part, origin, of: text)
            }
        }

        /// Normalized text, which comes from `origin` in the original.
        private mutating func cut(
            _ normalized: Span<UInt8>, _ origin: WordOrigin, of text: Span<UInt8>
        ) throws {
            let plain = plain
            try chain.added.normalized(parseSpecial).split(
                normalized, allows: { plain.isEmpty || !plain.touch(origin.range(of: $0)) }
            ) { part in
                switch part {
                case .token(let id, let range):
                    append(id, range, of: normalized, origin, of: text)
                case .text(let range):
                    try encodeWords(of: normalized.extracting(range), origin.moved(range), of: text)
                }
            }
        }

        private mutating func encodeWords(
            of part: Span<UInt8>, _ origin: WordOrigin, of text: Span<UInt8>
        ) throws {
            guard let preTokenizer = chain.preTokenizer else {
                return encode(part, origin, of: text)
            }
            let place = Place(beginsText: origin.beginsText, tracked: tracked)
            try preTokenizer.split(part, place) { word, inner in
                encode(word, inner.within(origin), of: text)
            }
        }

        private mutating func encode(
            _ word: Span<UInt8>, _ origin: WordOrigin, of text: Span<UInt8>
        ) {
            let count = tokens.count
            chain.model.encode(word, into: &tokens, using: &workspace)
            locate(from: count, origin, in: text) {
                OffsetTrimming.blanks(around: $0, of: word)
            }
        }

        /// Appends an added token that was found in `part`, which comes from `origin`.
        private mutating func append(
            _ id: Int32, _ range: Range<Int>, of part: Span<UInt8>, _ origin: WordOrigin,
            of text: Span<UInt8>
        ) {
            tokens.append(id, range)
            locate(from: tokens.count - 1, origin, in: text) {
                OffsetTrimming.spaces(around: $0, of: part)
            }
        }

        /// Turns ranges of a word into ranges of the text, from token `start` on.
        private mutating func locate(
            from start: Int, _ origin: WordOrigin, in text: Span<UInt8>,
            spaces: (Range<Int>) -> (leading: Int, trailing: Int)
        ) {
            guard tracked else { return }
            var source = origin.source()
            let trimming = chain.template.trimming
            tokens.mapRanges(from: start) { token, range in
                let first = source.byte(range.lowerBound)
                let last = source.byte(range.upperBound - 1)
                let found = codePoints.range(first..<last + 1, in: text)
                return trimming?.trimmed(found, spaces(range), isFirst: token == 0) ?? found
            }
        }
    }
}
