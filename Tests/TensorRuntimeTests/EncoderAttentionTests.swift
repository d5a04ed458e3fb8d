import TensorRuntime
import Testing

@Suite struct EncoderAttentionTests {
    private let heads = 3
    private let size = 8

    private func rows(_ count: Int, seed: UInt64) -> Tensor {
        var noise = Noise(seed)
        return Tensor(noise.floats(count * heads * size), [count, heads, size])
    }

    @Test func twoEqualKeysShareTheirValues() throws {
        let one = Tensor([1, 1], [2, 1, 1])
        let values = Tensor([3, 5], [2, 1, 1])
        let out = try encoderAttention(
            queries: one, keys: one, values: values, sequences: PackedSequences(lengths: [2]),
            scale: 1)
        #expect(out.shape == [2, 1])
        #expect(distance(out.floats, [4, 4]) < 1e-6)
    }

    /// Long enough that the first is cut into pieces.
    @Test(arguments: [nil, 10] as [Int?], [Precision.f32, .bf16])
    func aSequenceIsTheSameBitsAloneAndAmongOthers(
        _ window: Int?, _ precision: Precision
    ) throws {
        let sequences = PackedSequences(lengths: [310, 0, 1, 40])
        let (q, k, v) = (rows(351, seed: 1), rows(351, seed: 2), rows(351, seed: 3))
        let together = try encoderAttention(
            queries: q, keys: k, values: v, sequences: sequences, scale: 0.4, window: window,
            precision: precision)
        #expect(together.shape == [351, heads * size])
        for index in 0..<sequences.count {
            let part = sequences[index]
            let alone = try encoderAttention(
                queries: q.rows(part), keys: k.rows(part), values: v.rows(part),
                sequences: PackedSequences(lengths: [part.count]), scale: 0.4, window: window,
                precision: precision)
            #expect(alone.floats == together.rows(part).floats)
        }
    }

    @Test func eachHeadHasABiasOfItsOwn() throws {
        let sequences = PackedSequences(lengths: [2])
        let (zeros, values) = (Tensor(zeros: [2, 2, 1]), Tensor([1, 1, 0, 0], [2, 2, 1]))
        var bias = [Float](repeating: 0, count: 2 * 3 * 3)  // L = 3 is longer than needed
        bias[9 + 1] = 1000  // head 1: row 0 sees only column 1
        let out = try encoderAttention(
            queries: zeros, keys: zeros, values: values, sequences: sequences, scale: 1,
            bias: Tensor(bias, [2, 3, 3]))
        #expect(distance(out.floats, [0.5, 0, 0.5, 0.5]) < 1e-6)
    }

    @Test func shapesThatDoNotFitAreRefused() {
        let x = rows(5, seed: 1)
        #expect(
            throws: TensorError.shape(
                of: "the queries of attention", found: [5, 3, 8], expected: "[4, H, d]")
        ) {
            try encoderAttention(
                queries: x, keys: x, values: x, sequences: PackedSequences(lengths: [4]), scale: 1)
        }
        #expect(
            throws: TensorError.shape(
                of: "the bias of attention", found: [3, 4, 4], expected: "[3, L, L] with L ≥ 5")
        ) {
            try encoderAttention(
                queries: x, keys: x, values: x, sequences: PackedSequences(lengths: [5]), scale: 1,
                bias: Tensor(zeros: [3, 4, 4]))
        }
    }
}
