/// The symbols a word is split into before the first merge, and how symbols without a token are
/// written.
enum BPEAlphabet: Sendable {
    /// Each byte is a symbol: the id of every byte, -1 if the vocabulary has none, and the id that
    /// it has as the last of a word.
    case bytes([Int32], last: [Int32])
    /// Each character is a symbol. A character without a token is written as its bytes' tokens, or,
    /// if the vocabulary lacks one of them, as the unknown token.
    case characters(TokenTable, fallback: Fallback)

    struct Fallback: Sendable {
        /// The id of every byte, -1 where the vocabulary has none.
        var bytes: [Int32]
        /// Written in place of what cannot be written; nil drops it.
        var unknown: Int32?
        /// Neighbouring unknown characters become one token.
        var fusesUnknown: Bool
    }

    /// For words whose last byte is not special.
    static func bytes(_ ids: [Int32]) -> BPEAlphabet { .bytes(ids, last: ids) }

    /// The byte tokens of a vocabulary that has none.
    static let noBytes = [Int32](repeating: -1, count: 256)

    func cut(_ word: Span<UInt8>, into symbols: inout [BPESymbol]) {
        symbols.removeAll(keepingCapacity: true)
        var start = 0
        while start < word.count {
            let end: Int
            let id: Int32
            switch self {
            case .bytes(let ids, let last):
                end = start + 1
                id = (end < word.count ? ids : last)[Int(word[start])]
            case .characters(let tokens, _):
                end = UTF8Runs.endOfCharacter(in: word, at: start)
                id = tokens.find(word.extracting(start..<end)) ?? -1
            }
            symbols.append(
                BPESymbol(
                    start: UInt32(start), end: UInt32(end), previous: Int32(symbols.count) - 1,
                    next: Int32(symbols.count) + 1, id: id))
            start = end
        }
        if !symbols.isEmpty { symbols[symbols.count - 1].next = -1 }
    }

    func write(_ symbols: [BPESymbol], of word: Span<UInt8>, into tokens: inout TokenWriter) {
        var index: Int32 = symbols.isEmpty ? -1 : 0
        var unknownBefore = false
        while index >= 0 {
            let symbol = symbols[Int(index)]
            let range = Int(symbol.start)..<Int(symbol.end)
            if symbol.id >= 0 {
                tokens.append(symbol.id, range)
                unknownBefore = false
            } else if case .characters(_, let fallback) = self {
                unknownBefore = fallback.write(
                    range, of: word, after: unknownBefore, into: &tokens)
            }
            index = symbol.next
        }
    }
}

extension BPEAlphabet.Fallback {
    /// - Returns: whether the character was written as unknown.
    fileprivate func write(
        _ range: Range<Int>, of word: Span<UInt8>, after unknownBefore: Bool,
        into tokens: inout TokenWriter
    ) -> Bool {
        if range.allSatisfy({ bytes[Int(word[$0])] >= 0 }) {
            for i in range { tokens.append(bytes[Int(word[i])], range) }
            return false
        }
        guard let unknown else { return true }
        if unknownBefore && fusesUnknown {
            tokens.extendLast(to: range.upperBound)
        } else {
            tokens.append(unknown, range)
        }
        return true
    }
}
