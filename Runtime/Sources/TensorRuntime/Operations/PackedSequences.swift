/// Several sequences whose rows follow one another, without padding.
public struct PackedSequences: Sendable, Equatable {
    /// Where each sequence begins; one more at the end, which is the number of rows.
    public let offsets: [Int]

    /// - Parameter lengths: the rows of each sequence, ≥ 0.
    public init(lengths: [Int]) {
        precondition(lengths.allSatisfy { $0 >= 0 })
        offsets = lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    }

    /// The number of sequences.
    public var count: Int { offsets.count - 1 }

    /// The rows of all sequences.
    public var tokens: Int { offsets[count] }

    /// The rows of sequence `index`.
    public subscript(index: Int) -> Range<Int> { offsets[index]..<offsets[index + 1] }

    public var lengths: [Int] { (0..<count).map { self[$0].count } }

    /// The position of each row in its sequence, from 0 on.
    public var positions: [Int32] {
        (0..<count).flatMap { (0..<Int32(self[$0].count)) }
    }

    /// Some of the sequences, as if there were no others.
    public subscript(sequences: Range<Int>) -> PackedSequences {
        PackedSequences(lengths: sequences.map { self[$0].count })
    }

    func check(_ x: Tensor, _ name: String) throws(TensorError) {
        try x.requireF32(name)
        guard x.shape.count >= 2, x.shape[0] == tokens else {
            throw .shape(of: name, found: x.shape, expected: "[\(tokens), …]")
        }
    }
}
