@_spi(_Unicode) internal import Swift

/// What BERT's own tokenizer does to text before it splits words.
struct BertNormalizer: Normalizer {
    /// Removes control characters, and turns each white space into a blank.
    let cleans: Bool
    /// Puts a blank on either side of a Chinese character, so that each is a word.
    let separatesIdeographs: Bool
    let stripsAccents: Bool
    let lowercases: Bool
    /// What characters below U+0800 become, from U+0080 on.
    private let folded: ByteStrings

    private static let foldable: Range<UInt32> = 0x80..<0x800

    init(cleans: Bool, separatesIdeographs: Bool, stripsAccents: Bool, lowercases: Bool) {
        self.cleans = cleans
        self.separatesIdeographs = separatesIdeographs
        self.stripsAccents = stripsAccents
        self.lowercases = lowercases
        var folded = ByteStrings()
        for scalar in Self.foldable.compactMap(Unicode.Scalar.init) {
            folded.append(Self.fold(scalar, strips: stripsAccents, lowercases: lowercases))
        }
        self.folded = folded
    }

    func normalize(_ text: Span<UInt8>, tracked: Bool) -> RewrittenText? {
        var result = RewrittenText(tracked: tracked, capacity: text.count + 16)
        var index = 0
        while index < text.count {
            var end = index
            while end < text.count, 0x20..<0x7F ~= text[end] { end += 1 }
            if index < end {
                if lowercases {
                    result.copyLowercased(index..<end, of: text)
                } else {
                    result.copy(index..<end, of: text)
                }
            } else if let (scalar, length) = UTF8Runs.scalar(at: index, in: text) {
                end += length
                rewrite(scalar, at: index..<end, of: text, into: &result)
            } else {
                end += 1
                if !cleans { result.copy(index..<end, of: text) }
            }
            index = end
        }
        return result
    }

    private func rewrite(
        _ scalar: Unicode.Scalar, at place: Range<Int>, of text: Span<UInt8>,
        into result: inout RewrittenText
    ) {
        let blank = CollectionOfOne(UInt8(ascii: " "))
        if cleans {
            switch BertCharacters.cleaning(of: scalar) {
            case .kept: break
            case .removed: return
            case .blank: return result.replace(place, by: blank)
            }
        }
        let isIdeograph = separatesIdeographs && BertCharacters.isIdeograph(scalar)
        if isIdeograph { result.append(blank, for: place.lowerBound) }
        if BertCharacters.isPlainIdeograph(scalar) || !stripsAccents && !lowercases {
            result.copy(place, of: text)
        } else if Self.foldable.contains(scalar.value) {
            result.replace(place, by: folded[Int(scalar.value) - 0x80])
        } else {
            let bytes = Self.fold(scalar, strips: stripsAccents, lowercases: lowercases)
            result.replace(place, by: bytes)
        }
        if isIdeograph { result.append(blank, for: place.lowerBound) }
    }

    /// A character without accents and in lower case, as requested.
    ///
    /// Characters are decomposed one by one: unlike in the reference, remaining marks are not
    /// ordered among those of other characters.
    private static func fold(
        _ scalar: Unicode.Scalar, strips: Bool, lowercases: Bool
    ) -> [UInt8] {
        guard strips else {
            return Array((lowercases ? scalar.properties.lowercaseMapping : String(scalar)).utf8)
        }
        var bytes: [UInt8] = []
        for part in String(scalar)._nfd where !BertCharacters.isAccent(part) {
            let part = lowercases ? part.properties.lowercaseMapping : String(part)
            bytes.append(contentsOf: part.utf8)
        }
        return bytes
    }
}
