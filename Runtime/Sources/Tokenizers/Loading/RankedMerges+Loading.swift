extension RankedMerges {
    /// - Parameters:
    ///   - merges: two spellings for each merge, the best first.
    ///   - tokens: the tokens of the model by spelling.
    ///   - byteLevel: whether merges are spelled in the byte alphabet.
    /// - Throws: ``TokenizerError/mergeWithoutToken(merge:token:)``
    init(_ merges: ByteStrings, _ tokens: TokenTable, byteLevel: Bool) throws {
        self.init(minimumCapacity: merges.count / 2)
        for rank in 0..<merges.count / 2 {
            let left = Self.spelling(merges[2 * rank], byteLevel)
            let right = Self.spelling(merges[2 * rank + 1], byteLevel)
            append(
                try Self.id(left, tokens, rank), try Self.id(right, tokens, rank),
                into: try Self.id((left + right)[...], tokens, rank), rank: rank)
        }
    }

    private static func spelling(_ half: ArraySlice<UInt8>, _ byteLevel: Bool) -> ArraySlice<UInt8>
    {
        byteLevel ? ByteAlphabet.bytes(of: half.span)?[...] ?? half : half
    }

    private static func id(
        _ spelling: ArraySlice<UInt8>, _ tokens: TokenTable, _ merge: Int
    ) throws -> Int32 {
        guard let id = tokens.find(spelling) else {
            throw TokenizerError.mergeWithoutToken(
                merge: merge, token: String(decoding: spelling, as: UTF8.self))
        }
        return id
    }
}
