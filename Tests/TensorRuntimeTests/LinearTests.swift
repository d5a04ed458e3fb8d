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

    @Test(arguments: Weight.kinds)
    func rowsAreTheSameBitsInEveryBatch(_ kind: Weight.Kind) throws {
        let depth = kind.depths.max() ?? 0
        let linear = try Linear(Weight(kind, rows: 333, depth: depth, seed: 2).tensor)
        var noise = Noise(3)
        let x = Tensor(noise.floats(130 * depth), [130, depth])
        let whole = try linear(x)
        for range in [0..<1, 5..<12, 60..<130] {
            #expect(try linear(x.rows(range)).floats == whole.rows(range).floats)
        }
    }

    @Test(arguments: Weight.kinds)
    func repackedWeightsAreHardlyLargerThanTheFiles(_ kind: Weight.Kind) throws {
        let weight = try Weight(kind, rows: 64, depth: 2048 / 256 * 256, seed: 2)
        let packed = try Linear(weight.tensor).packedBytes
        // What codebooks and powers of three hold is packed one by one: in four bits and in two.
        let most =
            switch kind {
            case .iq1_s, .iq1_m, .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs, .iq3_s:
                4.75 / 8 * Double(weight.tensor.count)
            case .tq1_0, .tq2_0: 2.625 / 8 * Double(weight.tensor.count)
            default: 1.06 * Double(weight.tensor.byteCount)
            }
        #expect(Double(packed) <= most)
    }

    /// Of formats that prepare their input alike and of others.
    @Test func mapsOfOneInputAreWhatTheyAreAlone() throws {
        let weights = try [Weight.Kind.q8_0, .q8_0, .f32].enumerated().map { index, kind in
            try Weight(kind, rows: 70 + index, depth: 96, seed: UInt64(index)).tensor
        }
        var noise = Noise(5)
        let x = Tensor(noise.floats(50 * 96), [50, 96])
        let first = try Linear(weights[0], bias: Tensor(noise.floats(70), [70]))
        let (second, third) = try (Linear(weights[1]), Linear(weights[2]))
        let three = try Linear.apply(first, second, third, to: x)
        #expect(three.0.floats == (try first(x).floats))
        #expect(three.1.floats == (try second(x).floats))
        #expect(three.2.floats == (try third(x).floats))
        let two = try Linear.apply(third, first, to: x)
        #expect(two.0.floats == three.2.floats)
        #expect(two.1.floats == three.0.floats)
    }

    @Test func aWrongWidthIsNamedWithTheExpectedOne() throws {
        let linear = try Linear(Tensor(zeros: [2, 3]))
        #expect(
            throws: TensorError.shape(
                of: "the input of a linear map", found: [4, 2], expected: "[…, 3]")
        ) { try linear(Tensor(zeros: [4, 2])) }
        #expect(throws: TensorError.self) {
            try Linear(Tensor(zeros: [2, 3]), bias: Tensor(zeros: [3]))
        }
    }
}
