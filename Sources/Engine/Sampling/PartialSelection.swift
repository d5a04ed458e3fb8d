/// Finds where a sorted row would be cut, without sorting it.
///
/// Keys of 0 or more are counted into bins by the upper half of their bit pattern, which rises with
/// the key; only the bin that holds the cut is sorted.
struct PartialSelection: Sendable {
    /// The cut: what lies below `key` stays, and the first `ties` of those equal to it.
    struct Edge: Comparable {
        var key: Float
        var ties: Quota

        /// Whether less stays.
        static func < (left: Edge, right: Edge) -> Bool {
            (left.key, left.ties.left) < (right.key, right.ties.left)
        }
    }

    /// How many more may pass.
    struct Quota: Equatable {
        var left: Int

        mutating func take() -> Bool {
            left -= 1
            return left >= 0
        }
    }

    /// Rows up to this length are sorted at once.
    private static let small = 256
    private static let shift = UInt32(16)
    /// All bit patterns from 0 to infinity, followed by those of NaN.
    private static let bins = 1 << 15
    private var mass: [Double] = []
    private var boundary: [(key: Float, weight: Double)] = []

    /// The edge of the shortest run of smallest keys whose weights sum to at least `target`; weights
    /// of nil count 1 each. Everything stays if the sum is never reached.
    mutating func edge(
        of keys: UnsafeBufferPointer<Float>, weights: UnsafeBufferPointer<Float>?,
        reaching target: Double
    ) -> Edge {
        boundary.removeAll(keepingCapacity: true)
        var below = 0.0
        if keys.count <= Self.small {
            for index in keys.indices { boundary.append((keys[index], weights.weight(index))) }
        } else {
            count(keys, weights)
            guard let bin = bin(reaching: target, &below) else {
                return Edge(key: .infinity, ties: Quota(left: .max))
            }
            for (index, key) in keys.enumerated() where Self.bin(key) == bin {
                boundary.append((key, weights.weight(index)))
            }
        }
        return cut(target - below)
    }

    /// A valid bin for any key: the sign bit is dropped.
    private static func bin(_ key: Float) -> Int { Int(key.bitPattern >> shift) & (bins - 1) }

    private mutating func count(
        _ keys: UnsafeBufferPointer<Float>, _ weights: UnsafeBufferPointer<Float>?
    ) {
        mass.removeAll(keepingCapacity: true)
        mass.append(contentsOf: repeatElement(0, count: Self.bins))
        mass.withUnsafeMutableBufferPointer { mass in
            if let weights {
                for (key, weight) in zip(keys, weights) { mass[Self.bin(key)] += Double(weight) }
            } else {
                for key in keys { mass[Self.bin(key)] += 1 }
            }
        }
    }

    private func bin(reaching target: Double, _ below: inout Double) -> Int? {
        for (bin, weight) in mass.enumerated() {
            if weight > 0, below + weight >= target { return bin }
            below += weight
        }
        return nil
    }

    private mutating func cut(_ target: Double) -> Edge {
        boundary.sort { $0.key < $1.key }
        var sum = 0.0
        var ties = 0
        for (index, entry) in boundary.enumerated() {
            ties = index > 0 && boundary[index - 1].key == entry.key ? ties + 1 : 1
            sum += entry.weight
            if sum >= target { return Edge(key: entry.key, ties: Quota(left: ties)) }
        }
        return Edge(key: boundary.last?.key ?? .infinity, ties: Quota(left: .max))
    }
}

extension UnsafeBufferPointer<Float>? {
    fileprivate func weight(_ index: Int) -> Double {
        self.map { Double($0[index]) } ?? 1
    }
}
