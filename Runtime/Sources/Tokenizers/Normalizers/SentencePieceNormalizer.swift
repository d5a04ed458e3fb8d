/// What SentencePiece does to text before it splits it, Kudo and Richardson 2018
/// (arXiv:1808.06226): the longest entries of its character map, one space between words, and each
/// space as U+2581.
struct SentencePieceNormalizer: Normalizer {
    private let map: CharacterMap?
    /// User-defined symbols, which stay as they are.
    private let symbols: PieceTrie
    private let firstOfSymbols: PieceTrie.Start
    private let space: [UInt8]
    private let prefixes: Bool
    private let suffixes: Bool
    private let removesExtraSpaces: Bool

    private static let blank = UInt8(ascii: " ")

    init(_ file: SentencePieceFile, _ tokens: TokenList) throws {
        map =
            try file.characterMap.isEmpty
            ? nil
            : CharacterMap(file.characterMap, key: "normalizer_spec.precompiled_charsmap")
        symbols = try PieceTrie(file.spellings) { file.kinds[$0] == .userDefined }
        firstOfSymbols = symbols.start
        space = file.escapesSpaces ? Metaspace.mark : [Self.blank]
        prefixes = file.addsDummyPrefix && !file.spaceIsSuffix
        suffixes = file.addsDummyPrefix && file.spaceIsSuffix
        removesExtraSpaces = file.removesExtraSpaces
    }

    func normalize(_ text: Span<UInt8>, tracked: Bool) -> RewrittenText? {
        var result = RewrittenText(tracked: tracked, capacity: text.count + text.count / 2)
        var place = removesExtraSpaces ? endOfSpaces(text) : 0
        guard place < text.count else { return result }
        if prefixes { result.append(space, for: place) }
        var isBehindSpace = removesExtraSpaces
        while place < text.count {
            let (end, new) = next(in: text, at: place)
            isBehindSpace = write(place..<end, as: new, of: text, isBehindSpace, into: &result)
            isBehindSpace = isBehindSpace && removesExtraSpaces
            place = end
        }
        if removesExtraSpaces {
            while result.bytes.suffix(space.count) == space[...] { result.removeLast(space.count) }
        }
        if suffixes { result.append(space, for: text.count - 1) }
        return result
    }

    /// What the text at `place` becomes; nil for itself.
    private func next(
        in text: Span<UInt8>, at place: Int
    ) -> (end: Int, new: ArraySlice<UInt8>?) {
        var end = place
        symbols.forEachPiece(in: text, from: place, behind: firstOfSymbols) { end = $1 }
        if end > place { return (end, nil) }
        if let (count, new) = map?.longestEntry(in: text.extracting(place..<text.count)) {
            return (place + count, new)
        }
        return (UTF8Runs.endOfCharacter(in: text, at: place), nil)
    }

    private func endOfSpaces(_ text: Span<UInt8>) -> Int {
        var place = 0
        while place < text.count {
            let (end, new) = next(in: text, at: place)
            let isSpace = new.map { $0.elementsEqual([Self.blank]) } ?? (text[place] == Self.blank)
            guard isSpace, new != nil || end == place + 1 else { break }
            place = end
        }
        return place
    }

    /// - Parameter isBehindSpace: whether spaces at the beginning are dropped.
    /// - Returns: the same for what follows.
    private func write(
        _ range: Range<Int>, as new: ArraySlice<UInt8>?, of text: Span<UInt8>,
        _ isBehindSpace: Bool, into result: inout RewrittenText
    ) -> Bool {
        guard let new else {
            return writeCopy(range, of: text, isBehindSpace, into: &result)
        }
        let kept = isBehindSpace ? new.drop { $0 == Self.blank } : new
        guard let last = kept.last else { return isBehindSpace }
        let escaped = kept.flatMap { $0 == Self.blank ? space : [$0] }
        result.append(escaped, for: range.lowerBound)
        return last == Self.blank
    }

    private func writeCopy(
        _ range: Range<Int>, of text: Span<UInt8>, _ isBehindSpace: Bool,
        into result: inout RewrittenText
    ) -> Bool {
        var start = range.lowerBound
        if isBehindSpace {
            while start < range.upperBound, text[start] == Self.blank { start += 1 }
        }
        guard start < range.upperBound else { return isBehindSpace }
        for place in start..<range.upperBound where text[place] == Self.blank {
            result.copy(start..<place, of: text)
            result.append(space, for: place)
            start = place + 1
        }
        result.copy(start..<range.upperBound, of: text)
        return text[range.upperBound - 1] == Self.blank
    }
}
