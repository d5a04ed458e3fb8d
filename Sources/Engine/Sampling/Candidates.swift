/// The tokens that may still be drawn, in the order of their ids, and the filters that remove some.
///
/// A candidate's distance is how far its logit lies below the largest, divided by the temperature; its
/// weight is `exp(-distance)`, so that the likeliest weighs exactly 1. Where tokens tie at a filter's
/// edge, lower ids stay (transformers keeps all that tie at the edge of top-k).
final class Candidates {
    /// The first `count` elements of these are in use.
    private var ids = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 0)
    private var distances = UnsafeMutableBufferPointer<Float>.allocate(capacity: 0)
    private var weights = UnsafeMutableBufferPointer<Float>.allocate(capacity: 0)
    private var count = 0
    /// The sum of the weights.
    private var total = 0.0
    private var selection = PartialSelection()
    private static let block = 64

    deinit {
        ids.deallocate()
        distances.deallocate()
        weights.deallocate()
    }

    /// Takes the tokens of a row whose logits are above minus infinity; of these the `top` likeliest
    /// where `top` is above 0. Weights are not set yet.
    ///
    /// The row may be in memory that a plugin still writes to: values changed since `maxima` read
    /// it are capped at the largest, and nothing reads the row after this.
    ///
    /// - Throws: `EngineError.invalidLogits` if nothing that `maxima` saw is left.
    func take(
        _ row: UnsafeBufferPointer<Float>, _ maxima: inout RowMaxima, top: Int
    ) throws(EngineError) {
        reserve(row.count)
        count = 0
        let (floor, largest) = (maxima.floor(under: top), maxima.largest)
        maxima.forEach(in: row, from: floor) { place, logit in
            ids[count] = Int32(truncatingIfNeeded: place)
            let distance = largest - logit
            distances[count] = distance > 0 ? distance : 0
            count += 1
        }
        guard count > 0 else { throw .invalidLogits("logits that change while they are read") }
        guard top > 0, top < count else { return }
        compact(to: selection.edge(of: used(distances), weights: nil, reaching: Double(top)))
    }

    /// Sets the weights.
    func weigh(temperature: Float) {
        if temperature != 1 {
            for index in 0..<count { distances[index] /= temperature }
        }
        total = VectorMath.negativeExponentials(of: used(distances), into: weights)
    }

    /// Keeps the fewest likeliest candidates that have at least the share `mass` of the total.
    ///
    /// Nucleus sampling, Holtzman et al. 2020 (arXiv:1904.09751).
    func keepNucleus(_ mass: Float) {
        guard mass < 1 else { return }
        let target = Double(mass) * total
        // Candidates below this weigh less than 1 - mass together, so the nucleus has none of them.
        let negligible = Float((total - target) / Double(count))
        compact { weights[$0] >= negligible }
        compact(
            to: selection.edge(of: used(distances), weights: used(weights), reaching: target))
        total = VectorMath.sum(used(weights))
    }

    /// Keeps candidates at least `share` times as likely as the likeliest.
    func keepAbove(_ share: Float) {
        guard share > 0 else { return }
        compact { weights[$0] >= share }
        total = VectorMath.sum(used(weights))
    }

    /// Keeps the candidates whose surprise is nearest to the entropy, with the share `mass` in sum.
    ///
    /// Locally typical sampling, Meister et al. 2022 (arXiv:2202.00666):
    ///
    ///     key(i) = | -ln p(i) - H |,  -ln p(i) = distance(i) + ln total
    func keepTypical(_ mass: Float) {
        guard mass < 1 else { return }
        // H - ln total is the mean distance, so the logarithms cancel.
        var mean = 0.0
        for index in 0..<count where weights[index] > 0 {
            mean += Double(weights[index]) * Double(distances[index])
        }
        let center = Float(mean / total)
        let keys = used(distances).map { abs($0 - center) }
        keys.withUnsafeBufferPointer { keys in
            let edge = selection.edge(
                of: keys, weights: used(weights), reaching: Double(mass) * total)
            compact(to: edge, by: keys)
        }
        total = VectorMath.sum(used(weights))
    }

    /// The candidate at the share `position`, in [0, 1), of the summed weights. One that weighs
    /// nothing is never drawn.
    func draw(_ position: Double) -> Int32 {
        var remaining = position * total
        var start = 0
        // Whole blocks first: a sum of each costs less than a subtraction for every candidate.
        while start + Self.block < count {
            let block = UnsafeBufferPointer(rebasing: weights[start..<(start + Self.block)])
            let sum = VectorMath.sum(block)
            if sum > remaining { break }
            remaining -= sum
            start += Self.block
        }
        var last = start
        for index in start..<count where weights[index] > 0 {
            remaining -= Double(weights[index])
            last = index
            if remaining < 0 { break }
        }
        if weights[last] == 0 { last = (0..<start).last { weights[$0] > 0 } ?? last }
        return ids[last]
    }

    /// What each candidate is drawn with.
    var probabilities: [(id: Int32, probability: Float)] {
        (0..<count).map { (ids[$0], Float(Double(weights[$0]) / total)) }
    }
}

extension Candidates {
    private func reserve(_ capacity: Int) {
        guard ids.count < capacity else { return }
        ids.deallocate()
        distances.deallocate()
        weights.deallocate()
        ids = .allocate(capacity: capacity)
        distances = .allocate(capacity: capacity)
        weights = .allocate(capacity: capacity)
        weights.initialize(repeating: 0)
    }

    private func used(_ values: UnsafeMutableBufferPointer<Float>) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: values[..<count])
    }

    /// Keeps the candidates below an edge, by distance or by other keys.
    private func compact(
        to edge: PartialSelection.Edge, by keys: UnsafeBufferPointer<Float>? = nil
    ) {
        let keys = keys ?? used(distances)
        var ties = edge.ties
        compact { keys[$0] < edge.key || (keys[$0] == edge.key && ties.take()) }
    }

    /// `keeps` gets the candidates in order, each before it may be overwritten.
    private func compact(_ keeps: (Int) -> Bool) {
        var kept = 0
        for index in 0..<count where keeps(index) {
            ids[kept] = ids[index]
            distances[kept] = distances[index]
            weights[kept] = weights[index]
            kept += 1
        }
        count = kept
    }
}
