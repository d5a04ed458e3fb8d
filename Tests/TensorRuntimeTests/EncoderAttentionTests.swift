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
        let bias = DistanceBias(heads: 2, distances: -2...2) { head, distance in
            head == 1 && distance == 1 ? 1000 : 0  // head 1: row 0 sees only column 1
        }
        let out = try encoderAttention(
            queries: zeros, keys: zeros, values: values, sequences: sequences, scale: 1,
            bias: bias)
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
            throws: TensorError.outOfRange(
                "a distance from the query", found: -4, expected: -3..<5)
        ) {
            try encoderAttention(
                queries: x, keys: x, values: x, sequences: PackedSequences(lengths: [5]), scale: 1,
                bias: DistanceBias(heads: 3, distances: -3...4) { _, _ in 0 })
        }
        #expect(
            throws: TensorError.outOfRange(
                "the number of heads of a bias", found: 2, expected: 3..<4)
        ) {
            try encoderAttention(
                queries: x, keys: x, values: x, sequences: PackedSequences(lengths: [5]), scale: 1,
                bias: DistanceBias(heads: 2, distances: -4...4) { _, _ in 0 })
        }
    }

    /// Longer than a block of queries, so that every kind of row meets the end of its bias.
    @Test(arguments: [1, 15, 33, 70], [Precision.f32, .bf16])
    func theBiasIsThatOfTheDistance(_ length: Int, _ precision: Precision) throws {
        let (q, k, v) = (rows(length, seed: 4), rows(length, seed: 5), rows(length, seed: 6))
        let bias = { (head: Int, distance: Int) in Float(head + 1) * Float(distance) / 20 }
        let found = try encoderAttention(
            queries: q, keys: k, values: v, sequences: PackedSequences(lengths: [length]),
            scale: 0.4,
            bias: DistanceBias(heads: heads, distances: -length...length, bias),
            precision: precision)
        let expected = PlainAttention(q, k, v, scale: 0.4).callAsFunction { row, head, column in
            bias(head, column - row)
        }
        // BF16 keeps 8 bits of the factors, where the machine rounds to it at all.
        #expect(distance(found.floats, expected) < (precision == .f32 ? 2e-5 : 3e-2))
    }
}
