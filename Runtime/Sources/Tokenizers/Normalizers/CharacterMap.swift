/// SentencePiece's precompiled character map, applied as the reference does.
///
/// The reference looks up whole grapheme clusters of up to five bytes, and takes the shortest entry
/// that it finds for all of the cluster; longer clusters it looks up character by character. What
/// it drops at the very beginning shifts its offsets of the rest, which is not imitated.
struct CharacterMap: Normalizer {
    private let entries: DoubleArray
    /// The strings that entries become, each ended by a zero byte.
    private let strings: [UInt8]

    private static let longestCluster = 5
    /// Far longer than any key of a published map; limits a search.
    private static let longestKey = 64
    /// Far longer than any entry of a published map; limits how much a text can grow.
    private static let longestString = 256

    /// - Parameters:
    ///   - bytes: the size of the trie in four bytes, the trie, the strings.
    ///   - key: the origin of the map, for errors.
    init(_ bytes: [UInt8], key: String) throws {
        let size = bytes.count < 4 ? 0 : Int(bytes.littleEndian(at: 0))
        guard bytes.count >= 4, size % 4 == 0, size <= bytes.count - 4 else {
            throw TokenizerError.invalid(
                key: key, found: "\(bytes.count) bytes for a trie of \(size)",
                expected: "a trie and its strings")
        }
        entries = DoubleArray((0..<size / 4).map { bytes.littleEndian(at: 4 + 4 * $0) })
        strings = Array(bytes[(4 + size)...])
        let longest = strings.split(separator: 0).map(\.count).max() ?? 0
        guard longest <= Self.longestString else {
            throw TokenizerError.invalid(
                key: key, found: "a string of \(longest) bytes",
                expected: "at most \(Self.longestString)")
        }
    }

    func normalize(_ text: Span<UInt8>, tracked: Bool) -> RewrittenText? {
        var result = RewrittenText(tracked: tracked, capacity: text.count)
        UTF8Runs.forEach(text) { run, isValid in
            guard isValid else { return result.copy(run, of: text) }
            GraphemeClusters.forEach(in: run, of: text) { rewrite($0, of: text, into: &result) }
        }
        return result
    }

    private func rewrite(
        _ cluster: Range<Int>, of text: Span<UInt8>, into result: inout RewrittenText
    ) {
        if cluster.count <= Self.longestCluster, let new = string(for: cluster, of: text) {
            return replace(cluster, of: text, by: new, into: &result)
        }
        var start = cluster.lowerBound
        while start < cluster.upperBound {
            let character = start..<UTF8Runs.endOfCharacter(in: text, at: start)
            if let new = string(for: character, of: text) {
                replace(character, of: text, by: new, into: &result)
            } else {
                result.copy(character, of: text)
            }
            start = character.upperBound
        }
    }

    /// The longest entry that `text` begins with, and its length in bytes, looked up as
    /// SentencePiece does.
    func longestEntry(in text: Span<UInt8>) -> (count: Int, becomes: ArraySlice<UInt8>)? {
        let head = text.extracting(first: Self.longestKey)
        guard let (count, start) = entries.longestMatch(in: head), start < strings.count
        else { return nil }
        return (count, strings[start...].prefix { $0 != 0 })
    }

    private func string(for place: Range<Int>, of text: Span<UInt8>) -> ArraySlice<UInt8>? {
        guard let start = entries.shortestMatch(in: text.extracting(place)), start < strings.count
        else { return nil }
        return strings[start...].prefix { $0 != 0 }
    }

    /// New characters stand for the old ones in order, and any further ones for the last.
    private func replace(
        _ old: Range<Int>, of text: Span<UInt8>, by new: ArraySlice<UInt8>,
        into result: inout RewrittenText
    ) {
        var source = old.lowerBound
        var start = new.startIndex
        while start < new.endIndex {
            let rest = new[start...]
            let end = start + UTF8Runs.endOfCharacter(in: rest.span, at: 0)
            result.append(new[start..<end], for: source)
            start = end
            let next = UTF8Runs.endOfCharacter(in: text, at: source)
            if next < old.upperBound { source = next }
        }
    }
}

/// A trie in the Darts format: a state's units are at its offset xor the byte.
struct DoubleArray: Sendable {
    private let units: [UInt32]

    init(_ units: [UInt32]) { self.units = units }

    /// The value of the shortest key that `text` begins with.
    func shortestMatch(in text: Span<UInt8>) -> Int? {
        var found: Int?
        forEachMatch(in: text) { _, value in
            found = value
            return false
        }
        return found
    }

    /// The longest key that `text` begins with: its length and its value.
    func longestMatch(in text: Span<UInt8>) -> (count: Int, value: Int)? {
        var found: (Int, Int)?
        forEachMatch(in: text) { count, value in
            found = (count, value)
            return true
        }
        return found
    }

    /// Calls `body` with the keys that `text` begins with, the shortest first, until it declines.
    @inline(__always)
    private func forEachMatch(
        in text: Span<UInt8>, _ body: (_ count: Int, _ value: Int) -> Bool
    ) {
        guard !units.isEmpty else { return }
        var place = offset(units[0])
        for i in text.indices where text[i] != 0 {
            place ^= Int(text[i])
            guard place < units.count, units[place] & 0x8000_00FF == UInt32(text[i]) else { return }
            let hasValue = units[place] >> 8 & 1 == 1
            place ^= offset(units[place])
            guard place < units.count else { return }
            if hasValue, !body(i + 1, Int(units[place] & 0x7FFF_FFFF)) { return }
        }
    }

    private func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }
}

/// Grapheme clusters (user-perceived characters), by Unicode's annex 29.
enum GraphemeClusters {
    static func forEach(
        in run: Range<Int>, of text: Span<UInt8>, _ body: (Range<Int>) -> Void
    ) {
        var start = run.lowerBound
        while start < run.upperBound {
            var end = start + 1
            while end < run.upperBound, !isBorder(end, of: text) { end += 1 }
            if end == start + 1 {
                body(start..<end)
            } else {
                let part = Array(copying: text.extracting(start..<end))
                var first = start
                for character in String(decoding: part, as: UTF8.self) {
                    let last = first + character.utf8.count
                    body(first..<last)
                    first = last
                }
            }
            start = end
        }
    }

    /// Whether two ASCII characters meet at `place`: they never form one cluster, except CR LF.
    private static func isBorder(_ place: Int, of text: Span<UInt8>) -> Bool {
        let before = text[place - 1]
        return before < 0x80 && text[place] < 0x80 && !(before == 0x0D && text[place] == 0x0A)
    }
}

extension [UInt8] {
    /// Four bytes as a little-endian number.
    fileprivate func littleEndian(at place: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(self[place + $1]) << UInt32(8 * $1) }
    }
}
