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
}
