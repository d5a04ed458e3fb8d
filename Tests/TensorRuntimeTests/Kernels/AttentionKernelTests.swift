import CKernels
import TensorRuntime
import Testing

/// One head of keys and values in pages, and queries against it, by a tier's kernels.
private struct Head {
    let size: Int
    let group: Int
    let half: Bool
    let tier: Tier
    private let pages: [Storage]

    private var keyBytes: Int { size * 32 * (half ? 2 : 4) }
    private static let before = 64  // bytes of another head before this one's keys

    init(size: Int, group: Int, half: Bool, tier: Tier, keys: [Float], values: [Float]) {
        self.size = size
        self.group = group
        self.half = half
        self.tier = tier
        let positions = keys.count / size
        let valueBytes = rk_padded(size) * 32 * (half ? 2 : 4)
        let pageBytes = Self.before + size * 32 * (half ? 2 : 4) + valueBytes
        pages = (0..<(positions + 31) / 32).map { _ in
            let page = Storage(byteCount: pageBytes)
            // What no position has been written to must not matter.
            page.base.initializeMemory(as: UInt8.self, repeating: 0xff, count: pageBytes)
            return page
        }
        let remember = half ? tier.kernels.remember_f16 : tier.kernels.remember_f32
        for position in 0..<positions {
            let page = pages[position / 32].base + Self.before
            keys.withUnsafeBufferPointer { keys in
                values.withUnsafeBufferPointer { values in
                    remember!(
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
                        (half ? tier.kernels.attention_f16 : tier.kernels.attention_f32)!(&call)
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
            for half in [false, true] {
                var noise = Noise(UInt64(size * 1000 + rows))
                let positions = first + rows
                let exact = { (x: [Float]) in half ? x.map { Float(Float16($0)) } : x }
                let keys = exact(noise.floats(positions * size))
                let values = exact(noise.floats(positions * size))
                let queries = noise.floats(rows * group * size)
                let head = Head(
                    size: size, group: group, half: half, tier: tier, keys: keys, values: values)
                let fast = head.attend(queries, first: first, scale: 0.3)
                let plain = Self.plain(
                    queries, keys, values, size: size, group: group, first: first, scale: 0.3)
                #expect(
                    distance(fast, plain) < 2e-5, "group \(group), rows \(rows), first \(first)")
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
                size: size, group: group, half: false, tier: tier, keys: keys, values: values)
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
                for half in [false, true] {
                    var noise = Noise(UInt64(size * 1000 + window))
                    let positions = first + rows
                    let exact = { (x: [Float]) in half ? x.map { Float(Float16($0)) } : x }
                    let keys = exact(noise.floats(positions * size))
                    let values = exact(noise.floats(positions * size))
                    let queries = noise.floats(rows * group * size)
                    let head = Head(
                        size: size, group: group, half: half, tier: tier, keys: keys,
                        values: values)
                    let fast = head.attend(queries, first: first, window: window, scale: 0.3)
                    let plain = Self.plain(
                        queries, keys, values, size: size, group: group, first: first,
                        window: window, scale: 0.3)
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
                    size: size, group: group, half: false, tier: tier, keys: keys, values: values)
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
                size: size, group: group, half: false, tier: tier, keys: keys, values: values)
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
                size: size, group: group, half: false, tier: tier, keys: keys, values: values)
            let fast = head.attend(queries, first: 0, length: length, scale: 0.3)
            let plain = Self.plain(
                queries, keys, values, size: size, group: group, first: 0, length: length,
                scale: 0.3)
            #expect(distance(fast, plain) < 2e-5, "group \(group), rows \(rows), length \(length)")
        }
    }

    @Test(arguments: Tier.all)
    func aRowsResultIsTheSameBitsInEveryBatch(_ tier: Tier) {
        let (size, group, rows) = (20, 3, 70)
        var noise = Noise(9)
        let keys = noise.floats(rows * size)
        let values = noise.floats(rows * size)
        let queries = noise.floats(rows * group * size)
        let head = Head(
            size: size, group: group, half: true, tier: tier, keys: keys, values: values)
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
}
