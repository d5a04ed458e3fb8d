import CKernels
import TensorRuntime
import Testing

/// What keys and values are stored as.
private enum Stored: CaseIterable {
    case f32, f16, bf16, q8_0

    /// The bytes of the keys and of the values in a page.
    func bytes(_ size: Int) -> (keys: Int, values: Int) {
        let padded = rk_padded(size)
        switch self {
        case .f32: return (size * 32 * 4, padded * 32 * 4)
        case .f16, .bf16: return (size * 32 * 2, padded * 32 * 2)
        case .q8_0:
            let scales = rk_scale_bytes(size)
            return (rk_scales_of_keys(size) + scales, rk_scales_of_values(size) + scales)
        }
    }

    func remember(_ kernels: rk_kernels) -> (
        UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, Int, UnsafePointer<Float>?,
        UnsafePointer<Float>?, Int
    ) -> Void {
        switch self {
        case .f32: kernels.remember_f32
        case .f16: kernels.remember_f16
        case .bf16: kernels.remember_bf16
        case .q8_0: kernels.remember_q8_0
        }
    }

    func attend(_ kernels: rk_kernels) -> (UnsafePointer<rk_attention>?) -> Void {
        switch self {
        case .f32: kernels.attention_f32
        case .f16: kernels.attention_f16
        case .bf16: kernels.attention_bf16
        case .q8_0: kernels.attention_q8_0
        }
    }

    /// Keys or values as they come back, [positions, size].
    func rounded(_ x: [Float], _ size: Int) -> [Float] {
        switch self {
        case .f32: return x
        case .f16: return x.map { Float(Float16($0)) }
        case .bf16:
            return x.map {
                Float(
                    bitPattern: ($0.bitPattern + 0x7FFF + ($0.bitPattern >> 16) & 1) & 0xFFFF_0000)
            }
        case .q8_0:
            return stride(from: 0, to: x.count, by: size).flatMap { start in
                stride(from: start, to: start + size, by: 32).flatMap { from -> [Float] in
                    let block = x[from..<min(from + 32, start + size)]
                    let scale = Float(Float16((block.map(abs).max() ?? 0) / 127))
                    return block.map { ($0 * (1 / scale)).rounded(.toNearestOrEven) * scale }
                }
            }
        }
    }
}

/// One head of keys and values in pages, and queries against it, by a tier's kernels.
private struct Head {
    let size: Int
    let group: Int
    let stored: Stored
    let tier: Tier
    private let pages: [Storage]

    private var keyBytes: Int { stored.bytes(size).keys }
    private static let before = 64  // bytes of another head before this one's keys

    init(size: Int, group: Int, stored: Stored, tier: Tier, keys: [Float], values: [Float]) {
        self.size = size
        self.group = group
        self.stored = stored
        self.tier = tier
        let positions = keys.count / size
        let bytes = stored.bytes(size)
        let pageBytes = Self.before + bytes.keys + bytes.values
        pages = (0..<(positions + 31) / 32).map { _ in
            let page = Storage(byteCount: pageBytes)
            // What no position has been written to must not matter.
            page.base.initializeMemory(as: UInt8.self, repeating: 0xff, count: pageBytes)
            return page
        }
        let remember = stored.remember(tier.kernels)
        for position in 0..<positions {
            let page = pages[position / 32].base + Self.before
            keys.withUnsafeBufferPointer { keys in
                values.withUnsafeBufferPointer { values in
                    remember(
                        page, page + keyBytes, position % 32, keys.baseAddress! + position * size,
                        values.baseAddress! + position * size, size)
                }
            }
        }
    }

    /// [rows, group, size] for queries at the positions from `first` on.
    ///
    /// - Parameter bias: [group, first + rows + 31], of which the number of distance 0 is the 32nd
    ///   from the end.
    func attend(
        _ queries: [Float], first: Int, length: Int = 0, window: Int = 0, bias: [Float]? = nil,
        sinks: [Float]? = nil, scale: Float, softCap: Float = 0
    ) -> [Float] {
        let rows = queries.count / (group * size)
        var out = [Float](repeating: -7, count: queries.count)
        let scratch = Storage(byteCount: 4 * rk_attention_scratch(rows * group, size))
        let addresses = pages.map { UnsafeRawPointer?($0.base) }
        let reach = first + rows + 31
        queries.withUnsafeBufferPointer { queries in
            out.withUnsafeMutableBufferPointer { out in
                addresses.withUnsafeBufferPointer { addresses in
                    (bias ?? []).withUnsafeBufferPointer { numbers in
                        var call = rk_attention()
                        (call.out, call.queries) = (out.baseAddress, queries.baseAddress)
                        (call.row_stride, call.rows, call.group) = (group * size, rows, group)
                        (call.head_size, call.first_position) = (size, first)
                        (call.length, call.pages) = (length, addresses.baseAddress)
                        (call.keys, call.values) = (Self.before, Self.before + keyBytes)
                        call.bias = bias == nil ? nil : numbers.baseAddress! + reach - 32
                        (call.bias_stride, call.scale) = (reach, scale)
                        (call.window, call.soft_cap) = (window, softCap)
                        let lent = sinks.map { Tensor($0, [group]) }
                        call.sinks = lent.map { $0.withFloats { UnsafePointer($0.baseAddress!) } }
                        defer { withExtendedLifetime(lent) {} }
                        call.scratch = scratch.base.assumingMemoryBound(to: Float.self)
                        stored.attend(tier.kernels)(&call)
                    }
                }
            }
        }
        return out
    }
}

@Suite struct AttentionKernelTests {
    /// Equation 1 of the paper in double precision, over the positions that each row may see.
    static func plain(
        _ queries: [Float], _ keys: [Float], _ values: [Float], size: Int, group: Int, first: Int,
        length: Int = 0, window: Int = 0, sinks: [Float]? = nil, scale: Float,
        softCap: Float = 0, bias: (_ head: Int, _ distance: Int) -> Float = { _, _ in 0 }
    ) -> [Float] {
        stride(from: 0, to: queries.count, by: size).flatMap { start -> [Float] in
            let position = first + start / (group * size)
            let end = length > 0 ? length : position + 1
            let seen = (window > 0 ? max(0, end - window) : 0)..<end
            let scores = seen.map { j in
                let score =
                    (0..<size).reduce(0.0) {
                        $0 + Double(queries[start + $1]) * Double(keys[j * size + $1])
                    } * Double(scale)
                return capped(score, Double(softCap))
                    + Double(bias(start / size % group, j - position))
            }
            let sink = sinks.map { [Double($0[start / size % group])] } ?? []
            let weights = softmax(scores + sink)
            return (0..<size).map { i in
                Float(
                    zip(seen, weights).reduce(0.0) {
                        $0 + $1.1 * Double(values[$1.0 * size + i])
                    })
            }
        }
    }

    static func capped(_ x: Double, _ cap: Double) -> Double {
        guard cap > 0 else { return x }
        let e = exponential(-2 * abs(x) / cap)
        return (x < 0 ? -cap : cap) * (1 - e) / (1 + e)
    }

    static func softmax(_ x: [Double]) -> [Double] {
        let most = x.max() ?? 0
        let e = x.map { exponential($0 - most) }
        let total = e.reduce(0, +)
        return e.map { $0 / total }
    }

    @Test(arguments: Tier.all, [2, 6, 8, 10, 64, 80, 128])
    func attentionOverPagesIsTheEquation(_ tier: Tier, _ size: Int) {
        for (group, rows, first) in [(1, 1, 0), (4, 1, 31), (1, 33, 0), (3, 17, 40), (8, 3, 257)] {
            for stored in Stored.allCases {
                var noise = Noise(UInt64(size * 1000 + rows))
                let positions = first + rows
                let (keys, values) = (
                    noise.floats(positions * size), noise.floats(positions * size)
                )
                let queries = noise.floats(rows * group * size)
                let head = Head(
                    size: size, group: group, stored: stored, tier: tier, keys: keys, values: values
                )
                let fast = head.attend(queries, first: first, scale: 0.3)
                let plain = Self.plain(
                    queries, stored.rounded(keys, size), stored.rounded(values, size), size: size,
                    group: group, first: first, scale: 0.3)
                #expect(
                    distance(fast, plain) < 2e-5,
                    "\(stored), group \(group), rows \(rows), first \(first)")
            }
        }
    }

    @Test(arguments: Tier.all, [2, 10, 64])
    func aBiasIsAddedByDistance(_ tier: Tier, _ size: Int) {
        for (group, rows, first) in [(1, 1, 0), (4, 1, 31), (1, 33, 0), (3, 17, 40), (8, 3, 257)] {
            var noise = Noise(UInt64(size * 1000 + rows))
            let (positions, reach) = (first + rows, first + rows + 31)
            let (keys, values) = (noise.floats(positions * size), noise.floats(positions * size))
            let queries = noise.floats(rows * group * size)
            let bias = noise.floats(group * reach)
            let head = Head(
                size: size, group: group, stored: .f32, tier: tier, keys: keys, values: values)
            let fast = head.attend(queries, first: first, bias: bias, scale: 0.3)
            let plain = Self.plain(
                queries, keys, values, size: size, group: group, first: first, scale: 0.3
            ) { head, distance in bias[head * reach + reach - 32 + distance] }
            #expect(distance(fast, plain) < 2e-5, "group \(group), rows \(rows), first \(first)")
        }
    }

    @Test(arguments: Tier.all, [2, 10, 64])
    func aWindowEndsAtTheRowItself(_ tier: Tier, _ size: Int) {
        for window in [1, 5, 32, 33, 100, 1000] {
            for (group, rows, first) in [
                (1, 1, 0), (4, 1, 31), (1, 70, 3), (3, 17, 40), (8, 3, 257),
            ] {
                for stored in Stored.allCases {
                    var noise = Noise(UInt64(size * 1000 + window))
                    let positions = first + rows
                    let (keys, values) = (
                        noise.floats(positions * size), noise.floats(positions * size)
                    )
                    let queries = noise.floats(rows * group * size)
                    let head = Head(
                        size: size, group: group, stored: stored, tier: tier, keys: keys,
                        values: values)
                    let fast = head.attend(queries, first: first, window: window, scale: 0.3)
                    let plain = Self.plain(
                        queries, stored.rounded(keys, size), stored.rounded(values, size),
                        size: size, group: group, first: first, window: window, scale: 0.3)
                    #expect(
                        distance(fast, plain) < 2e-5,
                        "window \(window), group \(group), rows \(rows), first \(first)")
                }
            }
        }
    }

    @Test(arguments: Tier.all, [2, 10, 64])
    func aSoftCapBoundsTheLogits(_ tier: Tier, _ size: Int) {
        for (group, rows, first, window) in [(1, 1, 0, 0), (3, 17, 40, 0), (8, 3, 257, 35)] {
            for cap: Float in [0.5, 3, 50] {
                var noise = Noise(UInt64(size * 1000 + rows))
                let positions = first + rows
                let keys = noise.floats(positions * size)
                let values = noise.floats(positions * size)
                let queries = noise.floats(rows * group * size)
                let head = Head(
                    size: size, group: group, stored: .f32, tier: tier, keys: keys, values: values)
                let fast = head.attend(
                    queries, first: first, window: window, scale: 2, softCap: cap)
                let plain = Self.plain(
                    queries, keys, values, size: size, group: group, first: first, window: window,
                    scale: 2, softCap: cap)
                #expect(distance(fast, plain) < 5e-5, "cap \(cap), group \(group), first \(first)")
            }
        }
    }

    @Test(arguments: Tier.all, [2, 10, 64])
    func aSinkTakesItsShare(_ tier: Tier, _ size: Int) {
        for (group, rows, first, window) in [(1, 1, 0, 0), (3, 17, 40, 0), (4, 3, 257, 35)] {
            var noise = Noise(UInt64(size * 1000 + rows))
            let positions = first + rows
            let (keys, values) = (noise.floats(positions * size), noise.floats(positions * size))
            let queries = noise.floats(rows * group * size)
            let sinks = noise.floats(group).map { 4 * $0 }
            let head = Head(
                size: size, group: group, stored: .f32, tier: tier, keys: keys, values: values)
            let fast = head.attend(
                queries, first: first, window: window, sinks: sinks, scale: 0.3)
            let plain = Self.plain(
                queries, keys, values, size: size, group: group, first: first, window: window,
                sinks: sinks, scale: 0.3)
            #expect(distance(fast, plain) < 2e-5, "group \(group), first \(first)")
        }
    }

    @Test(arguments: Tier.all, [2, 10, 64])
    func withALengthEveryRowSeesTheSame(_ tier: Tier, _ size: Int) {
        for (group, rows, length) in [(1, 1, 1), (4, 1, 31), (1, 33, 32), (3, 17, 40), (8, 3, 257)]
        {
            var noise = Noise(UInt64(size * 1000 + length))
            let (keys, values) = (noise.floats(length * size), noise.floats(length * size))
            let queries = noise.floats(rows * group * size)
            let head = Head(
                size: size, group: group, stored: .f32, tier: tier, keys: keys, values: values)
            let fast = head.attend(queries, first: 0, length: length, scale: 0.3)
            let plain = Self.plain(
                queries, keys, values, size: size, group: group, first: 0, length: length,
                scale: 0.3)
            #expect(distance(fast, plain) < 2e-5, "group \(group), rows \(rows), length \(length)")
        }
    }

    @Test(arguments: Tier.all)
    func aRowsResultIsTheSameBitsInEveryBatch(_ tier: Tier) {
        for stored in Stored.allCases { expectTheSameBits(tier, stored) }
    }

    private func expectTheSameBits(_ tier: Tier, _ stored: Stored) {
        let (size, group, rows) = (20, 3, 70)
        var noise = Noise(9)
        let keys = noise.floats(rows * size)
        let values = noise.floats(rows * size)
        let queries = noise.floats(rows * group * size)
        let head = Head(
            size: size, group: group, stored: stored, tier: tier, keys: keys, values: values)
        let each = group * size
        for window in [0, 7, 32, 40] {
            let whole = head.attend(queries, first: 0, window: window, scale: 0.2)
            for count in [1, 2, 5, 16] {
                for first in [0, 13, 31, 32, 50] {
                    let span = first * each..<(first + count) * each
                    let part = head.attend(
                        Array(queries[span]), first: first, window: window, scale: 0.2)
                    #expect(part == Array(whole[span]))
                }
            }
        }
    }

    @Test(arguments: Tier.all)
    func aNumberThatIsNotFiniteIsNotLostInEightBits(_ tier: Tier) {
        for bad in [Float.nan, .infinity] {
            var values = [Float](repeating: 127, count: 2 * 40)
            values[45] = bad
            let head = Head(
                size: 40, group: 1, stored: .q8_0, tier: tier,
                keys: [Float](repeating: 1, count: 80), values: values)
            let out = head.attend([Float](repeating: 1, count: 80), first: 0, scale: 1)
            #expect(out[..<40].allSatisfy { $0 == 127 })
            #expect(out[40..<72].allSatisfy { $0.isNaN } && out[72...].allSatisfy { $0 == 127 })
        }
    }
}
