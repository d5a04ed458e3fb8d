/// A set of Unicode scalar values, as sorted ranges that neither touch nor overlap.
struct ScalarSet: Hashable, Sendable {
    private(set) var ranges: [ClosedRange<UInt32>]

    init() { ranges = [] }

    /// - Parameter ranges: in any order; surrogates are left out.
    init(_ ranges: some Sequence<ClosedRange<UInt32>>) {
        self.ranges = Self.joined(ranges.flatMap(Self.withoutSurrogates))
    }

    init(_ scalars: ClosedRange<UInt32>...) { self.init(scalars) }

    init(_ text: String) {
        self.init(text.unicodeScalars.map { $0.value...$0.value })
    }

    static let all = ScalarSet(0...0x10FFFF)

    var isEmpty: Bool { ranges.isEmpty }

    func contains(_ scalar: UInt32) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(scalar)
    }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    var complement: ScalarSet {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { gaps.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { gaps.append(next...0x10FFFF) }
        return ScalarSet(gaps)
    }

    func intersection(_ other: ScalarSet) -> ScalarSet {
        var common: [ClosedRange<UInt32>] = []
        var (left, right) = (0, 0)
        while left < ranges.count, right < other.ranges.count {
            let (a, b) = (ranges[left], other.ranges[right])
            if a.overlaps(b) { common.append(a.clamped(to: b)) }
            if a.upperBound < b.upperBound { left += 1 } else { right += 1 }
        }
        return ScalarSet(common)
    }

    func subtracting(_ other: ScalarSet) -> ScalarSet { intersection(other.complement) }

    private static func withoutSurrogates(
        _ range: ClosedRange<UInt32>
    ) -> [ClosedRange<UInt32>] {
        guard range.overlaps(0xD800...0xDFFF) else { return [range] }
        var parts: [ClosedRange<UInt32>] = []
        if range.lowerBound < 0xD800 { parts.append(range.lowerBound...0xD7FF) }
        if range.upperBound > 0xDFFF { parts.append(0xE000...range.upperBound) }
        return parts
    }

    private static func joined(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var joined: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, range.lowerBound <= last.upperBound + 1 {
                joined[joined.count - 1] =
                    last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        return joined
    }
}

extension ScalarSet {
    /// The UTF-8 of all scalars of the set, as sequences of ranges of bytes.
    var utf8: [[ClosedRange<UInt8>]] { ranges.flatMap(Self.utf8) }

    /// Ranges of scalars with sequences of equal length are cut where continuation bytes wrap.
    private static func utf8(_ range: ClosedRange<UInt32>) -> [[ClosedRange<UInt8>]] {
        var sequences: [[ClosedRange<UInt8>]] = []
        for (length, bounds) in lengths.enumerated() where range.overlaps(bounds) {
            cut(range.clamped(to: bounds), length: length + 1, into: &sequences)
        }
        return sequences
    }

    private static let lengths: [ClosedRange<UInt32>] = [
        0...0x7F, 0x80...0x7FF, 0x800...0xFFFF, 0x10000...0x10FFFF,
    ]

    private static func cut(
        _ range: ClosedRange<UInt32>, length: Int, into sequences: inout [[ClosedRange<UInt8>]]
    ) {
        let (low, high) = (range.lowerBound, range.upperBound)
        for place in 1..<max(length, 1) {
            let mask = UInt32(1) << (6 * UInt32(place)) - 1
            guard low & ~mask != high & ~mask else { continue }
            if low & mask != 0 {
                cut(low...(low | mask), length: length, into: &sequences)
                return cut((low | mask) + 1...high, length: length, into: &sequences)
            }
            if high & mask != mask {
                cut(low...(high & ~mask) - 1, length: length, into: &sequences)
                return cut(high & ~mask...high, length: length, into: &sequences)
            }
        }
        sequences.append(zip(bytes(low, length), bytes(high, length)).map { $0...$1 })
    }

    private static func bytes(_ scalar: UInt32, _ length: Int) -> [UInt8] {
        guard length > 1 else { return [UInt8(scalar)] }
        let lead: [UInt8] = [0, 0, 0xC0, 0xE0, 0xF0]
        let rest = (0..<length - 1).reversed().map {
            0x80 | UInt8(scalar >> (6 * UInt32($0)) & 0x3F)
        }
        return [lead[length] | UInt8(scalar >> (6 * UInt32(length - 1)))] + rest
    }
}
