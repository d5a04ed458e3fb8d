import TensorRuntime
import Testing

@Suite struct PackedSequencesTests {
    private let sequences = PackedSequences(lengths: [2, 0, 3])
    private let x = Tensor([1, 8, 3, 2, 0, 1, -1, 5, 4, 0], [5, 2])

    @Test func rowsStandOneSequenceAfterTheOther() {
        #expect(sequences.count == 3)
        #expect(sequences.tokens == 5)
        #expect(sequences.offsets == [0, 2, 2, 5])
        #expect(sequences.lengths == [2, 0, 3])
        #expect(sequences[2] == 2..<5)
        #expect(sequences.positions == [0, 1, 0, 1, 2])
        #expect(sequences[1..<3] == PackedSequences(lengths: [0, 3]))
    }

    @Test func eachPoolingLooksAtItsOwnSequence() throws {
        #expect(try meanPool(x, sequences: sequences).floats == [2, 5, 0, 0, 1, 2])
        #expect(try maxPool(x, sequences: sequences).floats == [3, 8, 0, 0, 4, 5])
        #expect(try clsPool(x, sequences: sequences).floats == [1, 8, 0, 0, 0, 1])
        #expect(try lastPool(x, sequences: sequences).floats == [3, 2, 0, 0, 4, 0])
        #expect(try meanPool(x, sequences: sequences).shape == [3, 2])
    }

    @Test func rowsThatAreNotAllSequencesAreRefused() {
        #expect(
            throws: TensorError.shape(
                of: "the input of a pooling", found: [4, 2], expected: "[5, …]")
        ) { try meanPool(x.rows(0..<4), sequences: sequences) }
    }

    @Test func normalizedRowsHaveLengthOneAndZeroStaysZero() throws {
        let rows = try normalizedRows(Tensor([3, 4, 0, 0, 0, -2], [3, 2]))
        #expect(distance(rows.floats, [0.6, 0.8, 0, 0, 0, -1]) < 1e-6)
    }

    @Test func groupsJoinInTheOrderOfTheSequences() throws {
        let sequences = PackedSequences(lengths: (0..<40).map { 10 + $0 % 7 })
        let indices = Tensor((0..<40).map(Float.init), [40, 1])
        let joined = try sequences.inGroups { indices.rows($0) }
        #expect(joined.floats == indices.floats)

        let rows = Tensor((0..<sequences.tokens).map(Float.init), [sequences.tokens, 1])
        let all = try sequences.inGroups { group in
            rows.rows(
                sequences[group.lowerBound].lowerBound..<sequences[group.upperBound - 1].upperBound)
        }
        #expect(all.floats == rows.floats)
        #expect(try PackedSequences(lengths: []).inGroups { _ in indices }.floats == indices.floats)
    }

    @Test func anErrorOfOneGroupIsTheCallers() {
        let sequences = PackedSequences(lengths: Array(repeating: 100, count: 16))
        #expect(throws: TensorError.full(sequence: 15, positions: 1)) {
            try sequences.inGroups { group in
                if group.contains(15) { throw TensorError.full(sequence: 15, positions: 1) }
                return Tensor(zeros: [group.count, 1])
            }
        }
    }

    @Test func tensorsOfOtherWidthsDoNotJoin() throws {
        let joined = try Tensor(joining: [Tensor([1, 2], [1, 2]), Tensor([3, 4, 5, 6], [2, 2])])
        #expect(joined.shape == [3, 2])
        #expect(joined.floats == [1, 2, 3, 4, 5, 6])
        #expect(
            throws: TensorError.shapesDiffer(operation: "joining", left: [1, 2], right: [1, 3])
        ) {
            try Tensor(joining: [Tensor(zeros: [1, 2]), Tensor(zeros: [1, 3])])
        }
    }
}
