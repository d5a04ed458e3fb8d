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
    private(set) var count = 0
    /// The sum of the weights.
    private(set) var total = 0.0
    private var selection = PartialSelection()
    private static let block = 64

    deinit {
        ids.deallocate()
        distances.deallocate()
        weights.deallocate()
    }

    /// Takes the tokens of a row whose logits are above minus infinity and at least `lowest`; of these
    /// the `top` likeliest where `top` is above 0. Weights are not set yet.
    ///
    /// The row may be in memory that a plugin still writes to: values changed since `maxima` read
    /// it are capped at the largest, and nothing reads the row after this.
    ///
    /// - Throws: `EngineError.invalidLogits` if nothing that `maxima` saw is left.
    func take(
        _ row: UnsafeBufferPointer<Float>, _ maxima: inout RowMaxima, top: Int,
        from lowest: Float = -.infinity
    ) throws(EngineError) {
        reserve(row.count)
        count = 0
        let floor = max(maxima.floor(under: top), lowest)
        let largest = maxima.largest
        maxima.forEach(in: row, from: floor) { place, logit in
            ids[count] = Int32(truncatingIfNeeded: place)
            let distance = largest - logit
            distances[count] = distance > 0 ? distance : 0
            count += 1
        }
        guard count > 0 else { throw .invalidLogits("logits that change while they are read") }
        guard top > 0, top < count else { return }
        compact(to: selection.edge(of: distanceOf, weights: nil, reaching: Double(top)), distanceOf)
    }

    /// Sets the weights, after distances have been divided by `temperature`, which is above 0.
    func weigh(temperature: Float) {
        if temperature != 1 {
            for index in 0..<count { distances[index] /= temperature }
        }
        total = VectorMath.negativeExponentials(of: distanceOf, into: weights)
    }

    /// The candidate at the share `position`, in [0, 1), of the summed weights, and its probability.
    /// One that weighs nothing is never drawn.
    func draw(_ position: Double) -> (id: Int32, probability: Double) {
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
        return (ids[last], Double(weights[last]) / total)
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

    private func compact(to edge: PartialSelection.Edge, _ keys: UnsafeBufferPointer<Float>) {
        var ties = edge.ties
        compact { keys[$0] < edge.key || (keys[$0] == edge.key && ties.take()) }
    }
}

// MARK: - For filters

extension Candidates {
    var distanceOf: UnsafeBufferPointer<Float> { used(distances) }
    var weightOf: UnsafeBufferPointer<Float> { used(weights) }

    /// Keeps the candidates for which `keeps` holds, which is asked in order; it may read what is known
    /// of each until it has answered.
    func keep(where keeps: (Int) -> Bool) {
        compact(keeps)
        total = VectorMath.sum(weightOf)
    }

    /// Keeps the candidates with the smallest keys: the fewest that together weigh at least `mass`, but
    /// no fewer than `least`.
    ///
    /// - Parameter keys: 0 or more, one for each candidate; not in a buffer of the candidates unless it
    ///   is `distanceOf`.
    func keep(_ mass: Double, atLeast least: Int, by keys: UnsafeBufferPointer<Float>) {
        var edge = selection.edge(of: keys, weights: weightOf, reaching: mass)
        if least > 1 {
            edge = max(edge, selection.edge(of: keys, weights: nil, reaching: Double(least)))
        }
        compact(to: edge, keys)
        total = VectorMath.sum(weightOf)
    }

    /// Where the nearest `least` of all end: the largest distance among them.
    func distance(ofNearest least: Int) -> Float {
        selection.edge(of: distanceOf, weights: nil, reaching: Double(least)).key
    }
}
