import CKernels

/// What attention adds to a logit for the distance between key and query: for each head one number
/// per distance j - i, which is negative for a key before its query.
public struct DistanceBias: Sendable {
    /// The distances that have numbers.
    public let distances: ClosedRange<Int>
    public let heads: Int
    private let values: Tensor  // [H, distances and what kernels may read after them]

    /// - Parameters:
    ///   - distances: from at most 0 to at least 0.
    ///   - value: the number of a head and a distance.
    public init(
        heads: Int, distances: ClosedRange<Int>, _ value: (_ head: Int, _ distance: Int) -> Float
    ) {
        precondition(distances.contains(0))
        self.heads = heads
        self.distances = distances
        let width = distances.count + Int(RK_PAGE)
        var values = Tensor(zeros: [heads, width])
        values.withMutableFloats { values in
            for head in 0..<heads {
                for (place, distance) in distances.enumerated() {
                    values[head * width + place] = value(head, distance)
                }
            }
        }
        self.values = values
    }

    /// The number of a head at distance 0, with those of other distances around it; the caller
    /// keeps the bias alive.
    func origin(_ head: Int) -> UnsafePointer<Float> {
        UnsafePointer(values.data() + head * values.width - distances.lowerBound)
    }

    /// Floats from one head's numbers to the next one's.
    var stride: Int { values.width }

    func check(heads: Int, distances: ClosedRange<Int>) throws(TensorError) {
        guard self.heads == heads else {
            throw .outOfRange(
                "the number of heads of a bias", found: self.heads, expected: heads..<heads + 1)
        }
        guard self.distances.lowerBound <= distances.lowerBound else {
            throw .outOfRange(
                "a distance from the query", found: distances.lowerBound,
                expected: self.distances.lowerBound..<self.distances.upperBound + 1)
        }
        guard self.distances.upperBound >= distances.upperBound else {
            throw .outOfRange(
                "a distance from the query", found: distances.upperBound,
                expected: self.distances.lowerBound..<self.distances.upperBound + 1)
        }
    }
}
