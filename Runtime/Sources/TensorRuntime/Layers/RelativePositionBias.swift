import Glibc

/// A learned bias of attention by how far apart two positions are, Raffel et al. 2019
/// (arXiv:1910.10683), section 2.1.
///
///     B[h, i, j] = table[bucket(j - i), h]
public struct RelativePositionBias: Sendable {
    private let table: Tensor  // [R, H]
    private let buckets: Buckets

    /// How distances share the rows of the table.
    ///
    /// Half of the buckets, or of each direction's, are for one distance each; the others for
    /// stretches that grow up to `maxDistance`, and beyond.
    public struct Buckets: Sendable {
        /// R, at least 4 where it looks both ways, else at least 2.
        public let count: Int
        /// More than there are buckets of one distance each.
        public let maxDistance: Int
        /// Whether keys behind the query are told from those before it: half of the buckets are for
        /// either. Else keys behind the query count as at its place.
        public let looksBothWays: Bool

        public init(count: Int, maxDistance: Int, looksBothWays: Bool) {
            self.count = count
            self.maxDistance = maxDistance
            self.looksBothWays = looksBothWays
        }

        /// The buckets of one distance each, of one direction.
        public var exact: Int { (looksBothWays ? count / 2 : count) / 2 }

        /// - Parameter distance: the key's position less the query's.
        public subscript(distance: Int) -> Int {
            let side = looksBothWays ? count / 2 : count
            let first = looksBothWays && distance > 0 ? side : 0
            let far = looksBothWays ? abs(distance) : max(-distance, 0)
            guard far >= exact else { return first + far }
            // In single precision, as the reference has it.
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
