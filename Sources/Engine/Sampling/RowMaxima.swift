/// The largest logit of every block of a row, which give the overall largest and a lower bound of
/// the likeliest few without sorting the row.
struct RowMaxima: Sendable {
    static let block = 128

    private var maxima: [Float] = []
    private var order: [Float] = []
    private(set) var largest = -Float.infinity

    /// Looks at a row.
    ///
    /// - Throws: `EngineError.invalidLogits` for NaN, infinity, and a row of nothing but minus infinity.
    mutating func take(_ row: UnsafeBufferPointer<Float>) throws(EngineError) {
        maxima.removeAll(keepingCapacity: true)
        var start = 0
        while start < row.count {
            let end = min(start + Self.block, row.count)
            let block = UnsafeBufferPointer(rebasing: row[start..<end])
            guard let value = VectorMath.maximum(block) else {
                throw .invalidLogits("a logit that is NaN or infinite")
            }
            maxima.append(value)
            start = end
        }
        largest = maxima.max() ?? -.infinity
        guard largest > -.infinity else { throw .invalidLogits("no token that may be chosen") }
    }

    /// The first place of the largest value.
    func firstOfLargest(in row: UnsafeBufferPointer<Float>) -> Int {
        let start = (maxima.firstIndex(of: largest) ?? 0) * Self.block
        return row[start...].firstIndex(of: largest) ?? start
    }

    /// A value that at least `count` values of the row reach: the `count`-th largest of the maxima.
    mutating func floor(under count: Int) -> Float {
        guard count > 0, count < maxima.count else { return -.infinity }
        order.removeAll(keepingCapacity: true)
        order.append(contentsOf: maxima)
        order.sort(by: >)
        return order[count - 1]
    }

    /// Calls `body` with the place of every value of the row that is above minus infinity and at
    /// least `floor`, and with the value, which is read once.
    func forEach(
        in row: UnsafeBufferPointer<Float>, from floor: Float,
        _ body: (_ place: Int, _ value: Float) -> Void
    ) {
        for (number, maximum) in maxima.enumerated() where maximum >= floor {
            let start = number * Self.block
            for place in start..<min(start + Self.block, row.count) {
                let value = row[place]
                if value >= floor, value > -.infinity { body(place, value) }
            }
        }
    }
}
