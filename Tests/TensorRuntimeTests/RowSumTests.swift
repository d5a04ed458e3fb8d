import TensorRuntime
import Testing

@Suite struct RowSumTests {
    @Test func rowsAreAddedWhereTheyBelong() throws {
        var sum = Tensor([1, 2, 3, 4, 5, 6], [3, 2])
        let before = sum
        try sum.add(Tensor([10, 20, 30, 40], [2, 2]), times: [0.5, 2], toRows: [2, 0])
        #expect(sum.floats == [61, 82, 3, 4, 10, 16])
        #expect(before.floats == [1, 2, 3, 4, 5, 6])
    }

    @Test func whatDoesNotFitIsRefused() throws {
        var sum = Tensor(zeros: [3, 2])
        #expect(throws: TensorError.self) {
            try sum.add(Tensor(zeros: [2, 3]), times: [1, 1], toRows: [0, 1])
        }
        #expect(throws: TensorError.outOfRange("a row", found: 3, expected: 0..<3)) {
            try sum.add(Tensor(zeros: [1, 2]), times: [1], toRows: [3])
        }
    }
}
