import CKernels
import TensorRuntime
import Testing

@Suite struct PrecisionTests {
    private let rows = 50
    private let depth = 96

    private func weight() -> Tensor {
        var noise = Noise(3)
        return Tensor(noise.floats(rows * depth).map { $0 * 0.05 }, [rows, depth])
    }

    private func input(_ count: Int = 70) -> Tensor {
        var noise = Noise(4)
        return Tensor(noise.floats(count * depth), [count, depth])
    }

    /// |y - y'| / |y| over all numbers.
    private func error(_ y: Tensor, _ exact: Tensor) -> Double {
        let pairs = zip(y.floats, exact.floats)
        let off = pairs.reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        return (off / exact.floats.reduce(0.0) { $0 + Double($1 * $1) }).squareRoot()
    }

    /// Eight bits round a block to 1/254 of its largest number, BF16 a number to 1/512 of itself.
    @Test func eachPrecisionIsAsCloseAndAsSmallAsItsRounding() throws {
        let exact = try Linear(weight())(input())
        for (precision, most, least, bytes) in [
            (Precision.bf16, 0.003, 1e-5, 2.0), (.int8, 0.012, 1e-4, 1.125),
        ] {
            let linear = try Linear(weight(), precision: precision)
            let error = error(try linear(input()), exact)
            #expect((least...most).contains(error), "\(precision): \(error)")
            #expect(Double(linear.packedBytes) <= bytes * 64 * 128)
        }
    }

    @Test func weightsThatAreNoFloatsStayAsTheyAre() throws {
        let quantized = try Weight(.q4_K, rows: 32, depth: 256, seed: 1).tensor
        let stored = try Linear(quantized)
        var noise = Noise(2)
        let x = Tensor(noise.floats(256), [1, 256])
        for precision in [Precision.bf16, .int8] {
            let linear = try Linear(quantized, precision: precision)
            #expect(linear.packedBytes == stored.packedBytes)
            #expect(try linear(x).floats == stored(x).floats)
        }
    }

    @Test func aDepthThatIsNoMultipleOf32StaysInFloats() throws {
        let weight = Tensor([1, 2, 3, 4], [2, 2])
        let y = try Linear(weight, precision: .int8)(Tensor([1, 1], [1, 2]))
        #expect(y.floats == [3, 7])
    }

    @Test(arguments: [Precision.f32, .bf16, .int8])
    func rowsAreTheSameBitsInEveryBatch(_ precision: Precision) throws {
        let linear = try Linear(weight(), precision: precision)
        let (x, whole) = (input(), try linear(input()))
        for range in [0..<1, 5..<12, 20..<70] {
            #expect(try linear(x.rows(range)).floats == whole.rows(range).floats)
        }
    }

    @Test(arguments: [Precision.f32, .bf16, .int8])
    func anActivationFollowsTheBias(_ precision: Precision) throws {
        var noise = Noise(9)
        let bias = Tensor(noise.floats(rows), [rows])
        let linear = try Linear(weight(), bias: bias, precision: precision)
        for activation in Activation.allCases {
            let fused = try linear(input(), then: activation)
            #expect(distance(fused.floats, try activation(linear(input())).floats) < 1e-6)
        }
    }

    @Test func aWeightThatIsNotFiniteIsNotLostInRounding() throws {
        for bad in [Float.nan, .infinity] {
            var numbers = [Float](repeating: 1, count: 64)
            numbers[40] = bad
            for precision in [Precision.bf16, .int8] {
                let linear = try Linear(Tensor(numbers, [1, 64]), precision: precision)
                let y = try linear(Tensor([Float](repeating: 1, count: 64), [1, 64]))
                #expect(y.floats.allSatisfy { !$0.isFinite })
            }
        }
    }
}
