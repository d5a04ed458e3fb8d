/// Maps the rows of a batch to positions of sequences.
public struct SequenceRows: Sendable {
    public let sequences: [Int]
    public let positions: [Int32]

    /// Adjacent rows at consecutive positions of one sequence.
    struct Run {
        let sequence: Int
        let rows: Range<Int>
        let firstPosition: Int
    }

    let runs: [Run]

    /// - Parameters:
    ///   - sequences: one per row.
    ///   - positions: one per row, ≥ 0.
    public init(sequences: [Int], positions: [Int32]) {
        precondition(sequences.count == positions.count)
        self.sequences = sequences
        self.positions = positions
        runs = Self.runs(sequences, positions)
    }

    /// All rows in one sequence, from a given position on.
    public init(sequence: Int, from position: Int, count: Int) {
        self.init(
            sequences: Array(repeating: sequence, count: count),
            positions: (0..<count).map { Int32(position + $0) })
    }

    public var count: Int { positions.count }

    private static func runs(_ sequences: [Int], _ positions: [Int32]) -> [Run] {
        var runs: [Run] = []
        var start = 0
        for row in 1..<max(1, positions.count + 1) where row > start {
            let goes =
                row < positions.count
                && sequences[row] == sequences[start]
                && Int(positions[row]) == Int(positions[start]) + row - start
            if goes || start >= positions.count { continue }
            runs.append(
                Run(
                    sequence: sequences[start], rows: start..<row,
                    firstPosition: Int(positions[start])))
            start = row
        }
        return runs
    }
}
