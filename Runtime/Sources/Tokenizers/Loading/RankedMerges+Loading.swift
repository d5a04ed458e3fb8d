extension RankedMerges {
    /// - Parameters:
    ///   - pairs: two spellings for each merge, the best first.
    ///   - tokens: the tokens of the model by spelling.
    ///   - byteLevel: whether merges are spelled in the byte alphabet.
    ///   - all: all tokens: a merge that leads to one that text never becomes is dropped.
    /// - Throws: ``TokenizerError/mergeWithoutToken(merge:token:)``
    init(
        _ pairs: ByteStrings, _ tokens: TokenTable, byteLevel: Bool, withheld all: TokenList
    ) throws {
        let withheld = Set(all.withheld.map { all.spellings[Int($0)] })
        let pairs = byteLevel ? Self.spelledAsBytes(pairs) : pairs
        self.init(minimumCapacity: pairs.count / 2)
        for merge in 0..<pairs.count / 2 {
            let left = pairs.range(2 * merge)
            let right = pairs.range(2 * merge + 1)
            let whole = left.lowerBound..<right.upperBound
            let id = { (range: Range<Int>) throws -> Int32? in
                if let id = tokens.find(pairs.bytes.span.extracting(range)) { return id }
                guard withheld.contains(pairs.bytes[range]) else {
                    throw TokenizerError.mergeWithoutToken(
                        merge: merge, token: String(decoding: pairs.bytes[range], as: UTF8.self))
                }
                return nil
            }
            if let left = try id(left), let right = try id(right), let whole = try id(whole) {
                append(left, right, into: whole, rank: merge)
            }
        }
    }

    /// Symbols outside the byte alphabet stay, and will match no token.
    private static func spelledAsBytes(_ pairs: ByteStrings) -> ByteStrings {
        var spelled = ByteStrings()
        spelled.reserveCapacity(pairs.count, bytes: pairs.bytes.count)
        for half in 0..<pairs.count {
            let own = pairs.bytes.span.extracting(pairs.range(half))
            if !ByteAlphabet.append(own, to: &spelled) { spelled.append(own) }
        }
        return spelled
    }
}
