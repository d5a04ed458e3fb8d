@_spi(_Unicode) internal import Swift

/// What BERT's own tokenizer does to text before it cuts words.
struct BertNormalizer: Normalizer {
    /// Takes out control characters, and makes each white space a blank.
    let cleans: Bool
    /// Puts a blank on either side of a Chinese character, so that each is a word.
    let separatesIdeographs: Bool
    let stripsAccents: Bool
    let lowercases: Bool
    /// What each ASCII byte becomes, by itself; 0 for bytes that need a closer look.
    private let plain: [UInt8]

    init(cleans: Bool, separatesIdeographs: Bool, stripsAccents: Bool, lowercases: Bool) {
        self.cleans = cleans
        self.separatesIdeographs = separatesIdeographs
        self.stripsAccents = stripsAccents
        self.lowercases = lowercases
        plain = (0...UInt8.max).map { byte in
            switch byte {
            case 0x41...0x5A where lowercases: byte + 0x20
            case 0x20...0x7E: byte
            default: 0
            }
        }
    }

    func normalize(_ text: Span<UInt8>, tracked: Bool) -> RewrittenText? {
        var result = RewrittenText(tracked: tracked, capacity: text.count + 16)
        var index = 0
        while index < text.count {
            let run = plainRun(of: text, from: index)
            if !run.isEmpty {
                plain.withUnsafeBufferPointer { plain in
                    result.append(run.count, from: index) { plain[Int(text[run.lowerBound + $0])] }
                }
                index = run.upperBound
            } else if let (scalar, length) = UTF8Runs.scalar(at: index, in: text) {
                rewrite(scalar, at: index..<index + length, of: text, into: &result)
                index += length
            } else {
                if !cleans { result.copy(index..<index + 1, of: text) }
                index += 1
            }
        }
        return result
    }

    private func plainRun(of text: Span<UInt8>, from start: Int) -> Range<Int> {
        plain.withUnsafeBufferPointer { plain in
            var end = start
            while end < text.count && plain[Int(text[end])] != 0 { end += 1 }
            return start..<end
        }
    }

    private func rewrite(
        _ scalar: Unicode.Scalar, at place: Range<Int>, of text: Span<UInt8>,
        into result: inout RewrittenText
    ) {
        if cleans && BertCharacters.isRemoved(scalar) { return }
        if cleans && scalar.properties.isWhitespace {
            return result.append(CollectionOfOne(UInt8(ascii: " ")), for: place.lowerBound)
        }
        let isIdeograph = separatesIdeographs && BertCharacters.isIdeograph(scalar)
        if isIdeograph { result.append(CollectionOfOne(UInt8(ascii: " ")), for: place.lowerBound) }
        if BertCharacters.isPlainIdeograph(scalar) || !stripsAccents && !lowercases {
            result.copy(place, of: text)
        } else {
            appendFolded(scalar, at: place.lowerBound, into: &result)
        }
        if isIdeograph { result.append(CollectionOfOne(UInt8(ascii: " ")), for: place.lowerBound) }
    }

    /// Appends `scalar` without accents and in lower case, as wanted.
    ///
    /// Characters are decomposed one by one: unlike the reference, marks that stay are not put in
    /// order among those of other characters.
    private func appendFolded(
        _ scalar: Unicode.Scalar, at place: Int, into result: inout RewrittenText
    ) {
        guard stripsAccents else {
            return result.append(scalar.properties.lowercaseMapping.utf8, for: place)
        }
        for part in String(scalar)._nfd where !BertCharacters.isAccent(part) {
            let folded = lowercases ? part.properties.lowercaseMapping : String(part)
            result.append(folded.utf8, for: place)
        }
    }
}
