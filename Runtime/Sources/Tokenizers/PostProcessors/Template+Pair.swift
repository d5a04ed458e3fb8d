extension Template {
    /// How many ids it adds to a single text, or to a pair.
    func specialCount(pair isPair: Bool) -> Int {
        (isPair ? pair : single).count { $0.special != nil }
    }

    /// Puts a template around `text`, of which only ids and offsets are used.
    func apply(to text: Encoding, _ kept: Range<Int>) -> Encoding {
        apply(single, to: [(text, kept)])
    }

    func apply(
        to first: Encoding, _ keptOfFirst: Range<Int>, and second: Encoding,
        _ keptOfSecond: Range<Int>
    ) -> Encoding {
        apply(pair, to: [(first, keptOfFirst), (second, keptOfSecond)])
    }

    private func apply(_ parts: [Part], to texts: [(Encoding, kept: Range<Int>)]) -> Encoding {
        var result = Encoding()
        for part in parts {
            switch part {
            case .special(let id, let type): result.appendSpecial(id, type: type)
            case .text(let index, let type):
                result.append(texts[index].0, texts[index].kept, type: type, sequence: index)
            }
        }
        return result
    }
}

extension Truncation {
    /// How many ids of two texts remain, which together must not exceed `limit`.
    ///
    /// - Throws: ``TokenizerError/noRoom(needed:limit:)`` when the text that must stay whole is too
    ///   long on its own.
    func kept(_ first: Int, _ second: Int, limit: Int) throws -> (first: Int, second: Int) {
        guard first + second > limit else { return (first, second) }
        switch self {
        case .longestFirst:
            let shorter = min(first, second, limit / 2)
            let longer = limit - shorter
            return first > second ? (longer, shorter) : (shorter, longer)
        case .onlyFirst:
            guard second < limit else { throw Self.noRoom(second, limit) }
            return (limit - second, second)
        case .onlySecond:
            guard first < limit else { throw Self.noRoom(first, limit) }
            return (first, limit - first)
        }
    }

    private static func noRoom(_ whole: Int, _ limit: Int) -> TokenizerError {
        .noRoom(needed: whole + 1, limit: limit)
    }
}
