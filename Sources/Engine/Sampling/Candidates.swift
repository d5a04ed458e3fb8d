/// The tokens that a draw may still take, in the order of their ids, and the filters that thin them.
///
/// A candidate's distance is how far its logit lies below the largest, divided by the temperature; its
/// weight is `exp(-distance)`, so that the likeliest weighs exactly 1. Where tokens tie at a filter's
/// edge, lower ids stay (transformers keeps all that tie at the edge of top-k).
struct Candidates: Sendable {
    private(set) var ids: [Int32] = []
    private(set) var distances: [Float] = []
    private(set) var weights: [Float] = []
    /// The sum of the weights.
    private(set) var total = 0.0
    private var selection = PartialSelection()

    /// Takes every token whose logit is above minus infinity.
    mutating func take(_ logits: [Float], largest: Float) {
        ids.removeAll(keepingCapacity: true)
        distances.removeAll(keepingCapacity: true)
        ids.reserveCapacity(logits.count)
        distances.reserveCapacity(logits.count)
        for (index, logit) in logits.enumerated() where logit > -.infinity {
            ids.append(Int32(truncatingIfNeeded: index))
            distances.append(largest - logit)
        }
    }

    /// Keeps the `count` likeliest. Weights are not set yet.
    mutating func keepTop(_ count: Int) {
        guard count > 0, count < ids.count else { return }
        let edge = selection.edge(of: distances, weights: nil, reaching: Double(count))
        var ties = edge.ties
        compact(weighted: false) { _, distance, _ in
            distance < edge.key || (distance == edge.key && ties.take())
        }
    }

    /// Sets the weights.
    mutating func weigh(temperature: Float) {
        if temperature != 1 {
            for index in distances.indices { distances[index] /= temperature }
        }
        if weights.count < ids.count {
            weights = [Float](repeating: 0, count: ids.count)
        } else {
            weights.removeLast(weights.count - ids.count)
        }
        total = distances.withUnsafeBufferPointer { distances in
            weights.withUnsafeMutableBufferPointer {
                VectorMath.negativeExponentials(of: distances, into: $0)
            }
        }
    }

    /// Keeps the fewest likeliest candidates that have at least the share `mass` of the total.
    ///
    /// Nucleus sampling, Holtzman et al. 2020 (arXiv:1904.09751).
    mutating func keepNucleus(_ mass: Float) {
        guard mass < 1 else { return }
        keep(nearest: distances, reaching: Double(mass) * total)
    }

    /// Keeps candidates at least `share` times as likely as the likeliest.
    mutating func keepAbove(_ share: Float) {
        guard share > 0 else { return }
        compact(weighted: true) { _, _, weight in weight >= share }
    }

    /// Keeps the candidates whose surprise is nearest to the entropy, with the share `mass` in sum.
    ///
    /// Locally typical sampling, Meister et al. 2022 (arXiv:2202.00666):
    ///
    ///     key(i) = | -ln p(i) - H |,  -ln p(i) = distance(i) + ln total
    mutating func keepTypical(_ mass: Float) {
        guard mass < 1 else { return }
        // H - ln total is the mean distance, so the logarithms cancel.
        var mean = 0.0
        for index in ids.indices where weights[index] > 0 {
            mean += Double(weights[index]) * Double(distances[index])
        }
        let center = Float(mean / total)
        keep(nearest: distances.map { abs($0 - center) }, reaching: Double(mass) * total)
    }

    /// The candidate at the share `position`, in [0, 1), of the summed weights.
    func draw(_ position: Double) -> Int32 {
        var remaining = position * total
        var last = ids[0]
        for index in ids.indices where weights[index] > 0 {
            remaining -= Double(weights[index])
            last = ids[index]
            if remaining < 0 { break }
        }
        return last
    }
}

extension Candidates {
    private mutating func keep(nearest keys: [Float], reaching mass: Double) {
        let edge = selection.edge(of: keys, weights: weights, reaching: mass)
        var ties = edge.ties
        compact(weighted: true) { index, _, _ in
            keys[index] < edge.key || (keys[index] == edge.key && ties.take())
        }
    }

    private mutating func compact(
        weighted: Bool, _ keeps: (_ index: Int, _ distance: Float, _ weight: Float) -> Bool
    ) {
        var kept = 0
        for index in ids.indices {
            let (distance, weight) = (distances[index], weighted ? weights[index] : 1)
            guard keeps(index, distance, weight) else { continue }
            ids[kept] = ids[index]
            distances[kept] = distance
            if weighted { weights[kept] = weight }
            kept += 1
        }
        ids.removeLast(ids.count - kept)
        distances.removeLast(distances.count - kept)
        guard weighted else { return }
        weights.removeLast(weights.count - kept)
        total = weights.reduce(0) { $0 + Double($1) }
    }
}
