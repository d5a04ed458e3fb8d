/// How pieces mark where a word begins or ends.
enum WordSpelling: Equatable {
    /// Pieces that continue a word begin with a mark, "##"; all others follow a space.
    ///
    /// `tightens`: except pieces that begin with punctuation that ends a clause, or that end a
    /// contraction.
    case continuation([UInt8], tightens: Bool)
    /// The last piece of a word ends with a mark, "</w>".
    case suffix([UInt8])

    private static let space = UInt8(ascii: " ")
    private static let tight = [".", "?", "!", ",", "n't", "'m", "'s", "'ve", "'re"]
        .map { Array($0.utf8) }

    /// The bytes that a piece writes.
    func bytes(of piece: ArraySlice<UInt8>) -> [UInt8] {
        switch self {
        case .continuation(let mark, let tightens):
            if piece.starts(with: mark) { return Array(piece.dropFirst(mark.count)) }
            let isTight = tightens && Self.tight.contains { piece.starts(with: $0) }
            return isTight ? Array(piece) : [Self.space] + piece
        case .suffix(let mark):
            let isLast = piece.count >= mark.count && piece.suffix(mark.count).elementsEqual(mark)
            return isLast ? piece.dropLast(mark.count) + [Self.space] : Array(piece)
        }
    }
}
