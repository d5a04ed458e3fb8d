import CKernels
import Testing

/// The kernels of an encoder's attention: with factors in F32 and in BF16.
enum EncoderKernel: CaseIterable, Sendable {
    case f32, pairs

    /// Numbers of unit size lie at most this far from those in double precision.
    var tolerance: Float { self == .f32 ? 2e-5 : 4e-2 }

    func scratch(_ length: Int, _ size: Int) -> Int {
        switch self {
        case .f32: rk_encoder_attention_scratch(length, size)
        case .pairs: rk_encoder_attention_pairs_scratch(length, size)
        }
    }

    func attend(_ arguments: inout rk_encoder_attention, _ tier: Tier) {
        switch self {
        case .f32: tier.kernels.encoder_attention_f32(&arguments)
        case .pairs: tier.kernels.encoder_attention_pairs(&arguments)
        }
    }
}

/// One head of one sequence, whose rows lie among those of other heads.
private struct Head {
    let size: Int
    let length: Int
    let reach: Int
    let bias: [Float]?
    let queries: [Float]
    let keys: [Float]
    let values: [Float]
    /// Whether the bias is a number for each distance, not for each pair.
    private let isByDistance: Bool
    private var stride: Int { size + 5 }
    private static let scale: Float = 0.3

    init(size: Int, length: Int, reach: Int, biased: Bool, byDistance: Bool = false) {
        var noise = Noise(UInt64(size * 1000 + length))
        self.size = size
        self.length = length
        self.reach = reach
        queries = noise.floats(length * (size + 5))
        keys = noise.floats(length * (size + 5))
        values = noise.floats(length * (size + 5))
        isByDistance = byDistance
        bias = biased ? noise.floats(byDistance ? 2 * length - 1 : length * (length + 2)) : nil
    }

    /// [count, size] for the queries from `first` on.
    func attend(
        _ kernel: EncoderKernel, _ tier: Tier, first: Int, count: Int
    ) -> [Float] {
        let outStride = size + 2
        var out = [Float](repeating: -7, count: length * outStride)
        let floats = kernel.scratch(length, size)
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: 4 * floats + 64, alignment: 64)
        // What the kernel has not written must not matter, and it ends where it says.
        scratch.initializeMemory(as: UInt8.self, repeating: 0xff, count: 4 * floats + 64)
        defer { scratch.deallocate() }
        var arguments = rk_encoder_attention()
        (arguments.stride, arguments.out_stride) = (stride, outStride)
        (arguments.length, arguments.head_size) = (length, size)
        (arguments.first, arguments.count) = (first, count)
        (arguments.reach, arguments.scale) = (reach, Self.scale)
        arguments.bias_stride = isByDistance ? -1 : length + 2
        arguments.scratch = scratch.assumingMemoryBound(to: Float.self)
        out.withUnsafeMutableBufferPointer { out in
            queries.withUnsafeBufferPointer { queries in
                keys.withUnsafeBufferPointer { keys in
                    values.withUnsafeBufferPointer { values in
                        (bias ?? []).withUnsafeBufferPointer { bias in
                            arguments.out = out.baseAddress
                            arguments.queries = queries.baseAddress
                            arguments.keys = keys.baseAddress
                            arguments.values = values.baseAddress
                            arguments.bias = self.bias == nil ? nil : bias.baseAddress
                            if isByDistance { arguments.bias += length - 1 }
                            kernel.attend(&arguments, tier)
                        }
                    }
                }
            }
        }
        let guardBytes = UnsafeRawBufferPointer(start: scratch + 4 * floats, count: 64)
        precondition(guardBytes.allSatisfy { $0 == 0xff }, "a kernel wrote past its scratch")
        let rows = (0..<length).flatMap { row in
            let numbers = out[row * outStride..<(row + 1) * outStride]
            precondition(numbers.suffix(2).allSatisfy { $0 == -7 }, "a kernel wrote past a row")
            return numbers.prefix(size)
        }
        return Array(rows[first * size..<(first + count) * size])
    }

    /// Equation 1 of the paper in double precision.
    func plain() -> [Float] {
        (0..<length).flatMap { i -> [Float] in
            let seen = (0..<length).filter { abs(i - $0) <= reach }
            let scores = seen.map { j -> Double in
                let dot = (0..<size).reduce(0.0) {
                    $0 + Double(queries[i * stride + $1]) * Double(keys[j * stride + $1])
                }
                let place = isByDistance ? length - 1 + j - i : i * (length + 2) + j
                return dot * Double(Self.scale) + Double(bias?[place] ?? 0)
            }
            let weights = AttentionKernelTests.softmax(scores)
            return (0..<size).map { n in
                Float(
                    zip(seen, weights).reduce(0.0) { $0 + $1.1 * Double(values[$1.0 * stride + n]) }
                )
            }
        }
    }
}

@Suite struct EncoderAttentionKernelTests {
    private static let variants = Tier.all.flatMap { tier in
        EncoderKernel.allCases.map { (tier, $0) }
    }

    @Test(arguments: variants, [2, 5, 16, 32, 40, 64])
    func attentionWithinASequenceIsTheEquation(_ variant: (Tier, EncoderKernel), _ size: Int) {
        let (tier, kernel) = variant
        for (length, reach, biased) in [
            (1, Int.max, false), (3, .max, true), (17, .max, false), (33, 4, false),
            (64, .max, true), (77, 0, false), (131, .max, true), (131, 20, true), (131, 200, false),
        ] {
            let head = Head(size: size, length: length, reach: reach, biased: biased)
            let fast = head.attend(kernel, tier, first: 0, count: length)
            #expect(
                distance(fast, head.plain()) < kernel.tolerance, "\(length) rows, reach \(reach)")
        }
    }

    @Test(arguments: variants, [5, 16, 40])
    func aBiasMayDependOnTheDistanceAlone(_ variant: (Tier, EncoderKernel), _ size: Int) {
        let (tier, kernel) = variant
        for length in [1, 3, 16, 33, 77, 131] {
            let head = Head(
                size: size, length: length, reach: .max, biased: true, byDistance: true)
            let fast = head.attend(kernel, tier, first: 0, count: length)
            #expect(distance(fast, head.plain()) < kernel.tolerance, "\(length) rows")
        }
    }

    @Test(arguments: variants, [Int.max, 9])
    func aQuerysResultIsTheSameBitsWhereverACallBegins(
        _ variant: (Tier, EncoderKernel), _ reach: Int
    ) {
        let (tier, kernel) = variant
        let head = Head(size: 20, length: 100, reach: reach, biased: true)
        let whole = head.attend(kernel, tier, first: 0, count: 100)
        for (first, count) in [(0, 1), (3, 7), (24, 24), (50, 50), (99, 1)] {
            let part = head.attend(kernel, tier, first: first, count: count)
            #expect(part == Array(whole[first * 20..<(first + count) * 20]))
        }
    }
}
