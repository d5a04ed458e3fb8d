/// The symbols a word is cut into before the first merge, and how those that are no token are written.
enum BPEAlphabet: Sendable {
    /// Each byte is a symbol: the id of every byte, -1 where the vocabulary has none.
    case bytes([Int32])
    /// Each character is a symbol. A character that is no token is written as its bytes' tokens, or,
    /// where the vocabulary lacks one of them, as the unknown token.
    case characters(TokenTable, fallback: Fallback)

    struct Fallback: Sendable {
        /// The id of every byte, -1 where the vocabulary has none.
        var bytes: [Int32]
        /// Stands for what cannot be written; nil: it is left out.
        var unknown: Int32?
        /// Neighbouring unknown characters become one token.
        var fusesUnknown: Bool
    }

    /// The tokens that single bytes have, where there are none.
    static let noBytes = [Int32](repeating: -1, count: 256)

    func cut(_ word: Span<UInt8>, into symbols: inout [BPESymbol]) {
        symbols.removeAll(keepingCapacity: true)
        var start = 0
        while start < word.count {
            let end: Int
            let id: Int32
            switch self {
            case .bytes(let ids):
                end = start + 1
                id = ids[Int(word[start])]
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

    func write(_ symbols: [BPESymbol], of word: Span<UInt8>, into ids: inout [Int32]) {
        var index: Int32 = symbols.isEmpty ? -1 : 0
        var unknownBefore = false
        while index >= 0 {
            let symbol = symbols[Int(index)]
            if symbol.id >= 0 {
                ids.append(symbol.id)
                unknownBefore = false
            } else if case .characters(_, let fallback) = self {
                let bytes = word.extracting(Int(symbol.start)..<Int(symbol.end))
                unknownBefore = fallback.write(bytes, after: unknownBefore, into: &ids)
            }
            index = symbol.next
        }
    }
}

extension BPEAlphabet.Fallback {
    /// - Returns: whether the character was written as unknown.
    fileprivate func write(
        _ character: Span<UInt8>, after unknownBefore: Bool, into ids: inout [Int32]
    ) -> Bool {
        if character.indices.allSatisfy({ bytes[Int(character[$0])] >= 0 }) {
            for i in character.indices { ids.append(bytes[Int(character[i])]) }
            return false
        }
        if let unknown, !(unknownBefore && fusesUnknown) { ids.append(unknown) }
        return true
    }
}
