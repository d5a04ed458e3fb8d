import TensorRuntime
import Testing

@Suite struct TensorTests {
    @Test func viewsShareNumbersAndWritesDoNotReachThem() throws {
        var whole = Tensor([1, 2, 3, 4, 5, 6], [3, 2])
        let tail = whole.rows(1..<3)
        #expect(tail.shape == [2, 2])
        #expect(tail.floats == [3, 4, 5, 6])
        whole.withMutableFloats { $0[2] = 30 }
        #expect(whole.floats == [1, 2, 30, 4, 5, 6])
        #expect(tail.floats == [3, 4, 5, 6])
    }

    @Test func aReshapeKeepsTheOrderAndFindsTheFreeAxis() throws {
        let t = Tensor([1, 2, 3, 4, 5, 6], [2, 3])
        #expect(try t.reshaped(-1, 2).shape == [3, 2])
        #expect(try t.reshaped(6).floats == t.floats)
        #expect(throws: TensorError.self) { try t.reshaped(-1, 4) }
    }

    @Test func aViewPastTheEndOfItsStorageIsRefused() {
        let storage = Storage(byteCount: 340)
        #expect(throws: Never.self) { try Tensor(storage, element: .q8_0, shape: [10, 32]) }
        #expect(throws: TensorError.self) { try Tensor(storage, element: .q8_0, shape: [11, 32]) }
        #expect(throws: TensorError.self) {
            try Tensor(storage, byteOffset: 1, element: .q8_0, shape: [10, 32])
        }
        #expect(throws: TensorError.brokenBlocks(width: 33, element: .q8_0)) {
            try Tensor(storage, element: .q8_0, shape: [1, 33])
        }
        #expect(throws: TensorError.self) {
            try Tensor(storage, element: .f32, shape: [.max, .max])
        }
    }

    @Test func tensorsStandSideBySide() throws {
        let (left, right) = (Tensor([1, 2, 3, 4], [2, 1, 2]), Tensor([5, 6], [2, 1, 1]))
        let both = try Tensor(besides: [left, right])
        #expect(both.shape == [2, 1, 3])
        #expect(both.floats == [1, 2, 5, 3, 4, 6])
        #expect(throws: TensorError.self) {
            try Tensor(besides: [left, Tensor(zeros: [1, 1, 2])])
        }
    }
}
