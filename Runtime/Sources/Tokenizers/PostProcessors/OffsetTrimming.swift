/// Takes the white space of a token off its offsets: " the" stands for "the".
struct OffsetTrimming: Sendable, Equatable {
    /// A text's first token begins with a space that is not the text's, and takes no room there.
    var addsPrefixSpace: Bool
}

extension Template {
    func trim(
        _ offsets: inout [Range<Int>], of ids: [Int32], _ vocabulary: TokenizerVocabulary
    ) {
        guard let trimming else { return }
        for (index, id) in ids.enumerated() {
            let piece = vocabulary.pieces[Int(id)]
            let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") }
            var leading = piece.prefix(while: isSpace).count
            let trailing = piece.reversed().prefix(while: isSpace).count
            if trimming.addsPrefixSpace && (index == 0 || offsets[index].lowerBound == 0) {
                leading = 0
            }
            let range = offsets[index]
            let start = min(range.lowerBound + leading, range.upperBound)
            let end = range.upperBound >= trailing ? range.upperBound - trailing : range.upperBound
            offsets[index] = start..<max(start, end)
        }
    }
}
