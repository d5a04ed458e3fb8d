import Glibc

/// A learned attention bias by the distance between two positions, Raffel et al. 2019
/// (arXiv:1910.10683), section 2.1.
///
///     B[h, i, j] = table[bucket(j - i), h]
public struct RelativePositionBias: Sendable {
    private let table: Tensor  // [R, H]
    private let buckets: Buckets

    /// How distances share the rows of the table.
    ///
    /// Half of the buckets (of each direction's, if there are two) hold one distance each; the
    /// others hold ranges that grow up to `maxDistance`, and everything beyond.
    public struct Buckets: Sendable {
        /// R, at least 4 if it looks both ways, else at least 2.
        public let count: Int
        /// Greater than the number of buckets with one distance each.
        public let maxDistance: Int
        /// Whether keys after the query are distinguished from those before it: each direction has
        /// half of the buckets. Otherwise keys after the query count as at its position.
        public let looksBothWays: Bool

        public init(count: Int, maxDistance: Int, looksBothWays: Bool) {
            self.count = count
            self.maxDistance = maxDistance
            self.looksBothWays = looksBothWays
        }

        /// The buckets with one distance each, of one direction.
        public var exact: Int { (looksBothWays ? count / 2 : count) / 2 }

        /// - Parameter distance: the key's position minus the query's.
        public subscript(distance: Int) -> Int {
            let side = looksBothWays ? count / 2 : count
            let first = looksBothWays && distance > 0 ? side : 0
            let far = looksBothWays ? abs(distance) : max(-distance, 0)
            guard far >= exact else { return first + far }
            // In single precision, like the reference.
            let growth = Float(log(Double(maxDistance) / Double(exact)))
            let stretch = logf(Float(far) / Float(exact)) / growth * Float(side - exact)
            return first + min(side - 1, exact + Int(stretch))
        }
    }

    /// - Parameter table: [R, H], of any element type.
    public init(_ table: Tensor, maxDistance: Int, looksBothWays: Bool) throws {
        guard table.shape.count == 2 else {
            throw TensorError.shape(
                of: "a table of distances", found: table.shape, expected: "[R, H]")
        }
        self.table = try dequantizedCopy(table)
        buckets = Buckets(
            count: table.shape[0], maxDistance: maxDistance, looksBothWays: looksBothWays)
    }

    /// The numbers for every head and some distances.
    public func callAsFunction(_ distances: ClosedRange<Int>) -> DistanceBias {
        let heads = table.shape[1]
        let rows = distances.map { buckets[$0] }
        return table.withFloats { table in
            DistanceBias(heads: heads, distances: distances) { head, distance in
                table[rows[distance - distances.lowerBound] * heads + head]
            }
        }
    }
}
