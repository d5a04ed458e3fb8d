import TensorRuntime
import Testing

@Suite struct LinearTests {
    @Test func aLinearMapIsTheProductWithTheTransposePlusBias() throws {
        let linear = try Linear(
            Tensor([1, 2, 3, 4, 5, 6], [2, 3]), bias: Tensor([10, 20], [2]))
        let y = try linear(Tensor([1, 1, 1, 0, 1, 2], [2, 3]))
        #expect(y.shape == [2, 2])
        #expect(y.floats == [16, 35, 18, 37])
    }
}
