/// Which neighbours of a word become one token, and which of them first.
protocol MergeRule: Sendable {
    /// - Returns: the token that the neighbours `left` and `right` of `word` become, and its rank: the
    ///   lowest rank in a word merges first, and of equal ranks the leftmost.
    func merge(
        _ left: BPESymbol, _ right: BPESymbol, in word: Span<UInt8>
    ) -> (rank: UInt32, id: Int32)?
}

/// A part of a word: a character at first, a token in the end.
struct BPESymbol {
    /// The bytes of the word that it covers; none once it has been merged into its left neighbour.
    var start: UInt32
    var end: UInt32
    /// The neighbours' indices; -1 at the ends.
    var previous: Int32
    var next: Int32
    /// The token; -1 for a character without one.
    var id: Int32
}

/// Merges in the order of a list, the best first: tokenizer.json and the byte-level kind of GGUF.
struct RankedMerges: MergeRule {
    private var table: PairTable

    init(minimumCapacity: Int) { table = PairTable(minimumCapacity: minimumCapacity) }

    mutating func append(_ left: Int32, _ right: Int32, into merged: Int32, rank: Int) {
        table.insert(left, right, rank: UInt32(rank), id: merged)
    }

    func merge(
        _ left: BPESymbol, _ right: BPESymbol, in word: Span<UInt8>
    ) -> (rank: UInt32, id: Int32)? {
        guard left.id >= 0 && right.id >= 0 else { return nil }
        return table.find(left.id, right.id)
    }
}

/// Merges into any token that the neighbours spell together, the highest score first: SentencePiece,
/// Kudo and Richardson 2018 (arXiv:1808.06226).
struct ScoredMerges: MergeRule {
    let tokens: TokenTable
    /// The rank of each id: its score, reversed.
    private let ranks: [UInt32]

    init(_ tokens: TokenTable, scores: [Float]) {
        self.tokens = tokens
        ranks = scores.map(Self.rank)
    }

    func merge(
        _ left: BPESymbol, _ right: BPESymbol, in word: Span<UInt8>
    ) -> (rank: UInt32, id: Int32)? {
        let spelling = word.extracting(Int(left.start)..<Int(right.end))
        return tokens.find(spelling).map { (ranks[Int($0)], $0) }
    }

    /// An order-reversing map from floats to integers, by the usual flip of their bits.
    static func rank(_ score: Float) -> UInt32 {
        let bits = (score + 0).bitPattern  // -0 becomes 0
        let ascending = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
        return ~ascending
    }
}
