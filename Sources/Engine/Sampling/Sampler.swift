/// Chooses the tokens of one request: its parameters, what it has seen, and its random state.
package struct Sampler: Sendable {
    private let parameters: SamplingParameters
    /// Tokens that are never chosen.
    private let forbidden: [Int32]
    private var history: PenaltyHistory
    private var random: Philox

    /// - Parameter seed: of the draws, where the parameters give none.
    package init(_ parameters: SamplingParameters, forbidden: [Int32] = [], seed: UInt64) {
        self.parameters = parameters
        self.forbidden = forbidden
        history = PenaltyHistory(parameters)
        random = Philox(seed: parameters.seed ?? seed)
    }

    package var seed: UInt64 { random.seed }

    /// Tells the penalties about a token of the prompt or of the output.
    package mutating func append(_ token: Int32, generated: Bool) {
        history.append(token, generated: generated)
    }

    /// Chooses a token; the caller appends it.
    ///
    /// - Parameter logits: one per token of the vocabulary.
    /// - Throws: `EngineError.invalidLogits`; the random state is then as before.
    package mutating func choose(
        from logits: UnsafeBufferPointer<Float>, with workspace: inout SamplingWorkspace
    ) throws(EngineError) -> Int32 {
        let largest = try adjust(logits, &workspace)
        if parameters.temperature == 0 {
            return Int32(workspace.logits.firstIndex(of: largest) ?? 0)
        }
        filter(largest, &workspace)
        return workspace.candidates.draw(random.nextUniform())
    }

    /// The probabilities that `choose` would draw from, without drawing; zero where it never would.
    package func distribution(_ logits: [Float]) throws(EngineError) -> [Float] {
        var workspace = SamplingWorkspace()
        var probabilities = [Float](repeating: 0, count: logits.count)
        let largest = try logits.withUnsafeBufferPointer { (logits) throws(EngineError) in
            try adjust(logits, &workspace)
        }
        filter(largest, &workspace)
        let candidates = workspace.candidates
        for (id, weight) in zip(candidates.ids, candidates.weights) {
            probabilities[Int(id)] = Float(Double(weight) / candidates.total)
        }
        return probabilities
    }
}

/// Buffers of one sampling thread, kept from row to row.
package struct SamplingWorkspace: Sendable {
    var logits: [Float] = []
    var candidates = Candidates()

    package init() {}
}

extension Sampler {
    /// Copies the logits, applies bias and penalties, and returns the largest.
    private func adjust(
        _ raw: UnsafeBufferPointer<Float>, _ workspace: inout SamplingWorkspace
    ) throws(EngineError) -> Float {
        workspace.logits.removeAll(keepingCapacity: true)
        workspace.logits.append(contentsOf: raw)
        for (token, bias) in parameters.logitBias where Int(token) < raw.count {
            workspace.logits[Int(token)] += bias
        }
        history.apply(to: &workspace.logits)
        for token in forbidden where Int(token) < raw.count {
            workspace.logits[Int(token)] = -.infinity
        }
        let (largest, isValid) = workspace.logits.withUnsafeBufferPointer(VectorMath.maximum)
        guard isValid else { throw .invalidLogits("a logit that is NaN or infinite") }
        guard largest > -.infinity else { throw .invalidLogits("no token that may be chosen") }
        return largest
    }

    private func filter(_ largest: Float, _ workspace: inout SamplingWorkspace) {
        workspace.candidates.take(workspace.logits, largest: largest)
        workspace.candidates.keepTop(parameters.topK)
        workspace.candidates.weigh(temperature: parameters.temperature)
        workspace.candidates.keepNucleus(parameters.topP)
        workspace.candidates.keepAbove(parameters.minP)
        workspace.candidates.keepTypical(parameters.typicalP)
    }
}
