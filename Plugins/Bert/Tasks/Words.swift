/// Whether a token continues the word of the previous one.
///
/// Token classifiers are trained on the first piece of each word, so their output for other pieces
/// is ignored. In scripts without spaces every token is its own word.
struct WordJoiner {
    let text: [Unicode.Scalar]

    /// - Parameters:
    ///   - previous: the code points of the token before.
    ///   - next: those of the token.
    func joins(_ previous: Range<Int>, _ next: Range<Int>) -> Bool {
        if next.lowerBound < previous.upperBound { return true }
        guard next.lowerBound == previous.upperBound, text.indices.contains(next.lowerBound),
            next.lowerBound > 0
        else { return false }
        return isOfWord(text[next.lowerBound - 1]) && isOfWord(text[next.lowerBound])
    }

    private func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        let isLetter =
            properties.isAlphabetic || properties.numericType != nil
            || properties.canonicalCombiningClass != .notReordered
        return isLetter && !isOfScriptWithoutSpaces(scalar)
    }

    /// Han, Kana, Thai, Lao, Myanmar and Khmer.
    private func isOfScriptWithoutSpaces(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isIdeographic { return true }
        switch scalar.value {
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3040...0x30FF, 0x31F0...0x31FF,
            0xFF66...0xFF9F:
            return true
        default: return false
        }
    }
}
