import TensorRuntime
import Testing

@Suite struct LayerNormTests {
    @Test func aRowIsCenteredScaledWeightedAndShifted() throws {
        let norm = try LayerNorm(Tensor([1, 2], [2]), bias: Tensor([10, 20], [2]), epsilon: 0)
        let y = try norm(Tensor([1, 3, 8, 4], [2, 2]))
        #expect(distance(y.floats, [9, 22, 11, 18]) < 1e-5)
    }

    @Test func aResidualIsAddedBeforeTheNorm() throws {
        let norm = try LayerNorm(Tensor([1, 1, 1], [3]), epsilon: 1e-5)
        let (x, residual) = (Tensor([1, 2, 4], [1, 3]), Tensor([0.5, -1, 2], [1, 3]))
        let fused = try norm(adding: residual, x)
        #expect(distance(fused.floats, try norm(x + residual).floats) < 1e-6)
    }

    @Test func shapesThatDoNotFitAreRefused() throws {
        let norm = try LayerNorm(Tensor(zeros: [4]), epsilon: 1e-5)
        #expect(
            throws: TensorError.shape(
                of: "the input of a norm", found: [2, 3], expected: "[…, 4]")
        ) { try norm(Tensor(zeros: [2, 3])) }
        #expect(
            throws: TensorError.shapesDiffer(operation: "LayerNorm", left: [1, 4], right: [2, 4])
        ) { try norm(adding: Tensor(zeros: [1, 4]), Tensor(zeros: [2, 4])) }
        #expect(throws: TensorError.self) {
            try LayerNorm(Tensor(zeros: [4]), bias: Tensor(zeros: [5]), epsilon: 1e-5)
        }
    }
}
