package import PluginHost

/// Chooses the tokens of one request: its parameters, what it has seen, and its random state.
package struct Sampler: Sendable {
    private let parameters: SamplingParameters
    /// Tokens that are never chosen.
    private let forbidden: [Int32]
    private var history: PenaltyHistory
    private var repeats: DRYHistory
    private var runs: NGramHistory
    private var bans: RunBans
    private var random: Philox
    private var mirostat: Mirostat?

    /// - Parameters:
    ///   - vocabulary: whose texts break DRY's runs; nil: nothing does.
    ///   - seed: of the draws, where the parameters give none.
    package init(
        _ parameters: SamplingParameters, forbidden: [Int32] = [], vocabulary: Vocabulary? = nil,
        seed: UInt64
    ) {
        self.parameters = parameters
        self.forbidden = forbidden
        history = PenaltyHistory(parameters)
        repeats = DRYHistory(parameters, vocabulary)
        runs = NGramHistory(size: parameters.noRepeatNGram)
        bans = RunBans(parameters.forbiddenRuns)
        random = Philox(seed: parameters.seed ?? seed)
        mirostat = Mirostat(parameters)
    }

    package var seed: UInt64 { random.seed }

    /// Tells the penalties about a token of the prompt or of the output.
    package mutating func append(_ token: Int32, generated: Bool) {
        history.append(token, generated: generated)
        repeats.append(token)
        runs.append(token)
        bans.append(token)
    }

    /// Chooses a token; the caller appends it.
    ///
    /// - Parameters:
    ///   - logits: one per token of the vocabulary. Whatever a plugin writes to them meanwhile, the token
    ///     is one of the vocabulary.
    ///   - early: tokens that are not chosen this time.
    ///   - allowed: what a grammar allows; nil allows all.
    /// - Throws: `EngineError.invalidLogits`, `.invalidParameter` for parameters that leave no token; the
    ///   random state is then as before.
    package mutating func choose(
        from logits: UnsafeBufferPointer<Float>, except early: Set<Int32> = [],
        allowing allowed: AllowedTokens? = nil, with workspace: SamplingWorkspace
    ) throws(EngineError) -> Int32 {
        let row = adjust(logits, except: early, allowing: allowed, workspace)
        try look(at: row, workspace)
        if parameters.temperature == 0 {
            return Int32(workspace.maxima.firstOfLargest(in: row))
        }
        var random = random
        try filter(row, workspace, &random)
        let (token, probability) = workspace.candidates.draw(random.nextUniform())
        mirostat?.observe(probability)
        self.random = random
        return token
    }

    /// The probabilities that `choose` would draw from now, without drawing; zero where it never would.
    package func distribution(_ logits: [Float]) throws(EngineError) -> [Float] {
        var random = random
        let workspace = SamplingWorkspace()
        var probabilities = [Float](repeating: 0, count: logits.count)
        try logits.withUnsafeBufferPointer { (logits) throws(EngineError) in
            let row = adjust(logits, workspace)
            try workspace.maxima.take(row)
            try filter(row, workspace, &random)
        }
        for (id, probability) in workspace.candidates.probabilities {
            probabilities[Int(id)] = probability
        }
        return probabilities
    }
}

extension Sampler {
    private func look(
        at row: UnsafeBufferPointer<Float>, _ workspace: SamplingWorkspace
    ) throws(EngineError) {
        do {
            try workspace.maxima.take(row)
        } catch {
            let name =
                parameters.allowedTokens != nil
                ? "allowed_token_ids" : bans.isOff ? nil : "bad_words"
            guard let name, row.allSatisfy({ $0 == -.infinity }) else { throw error }
            throw .invalidParameter(name: name, reason: "leaves no token that may be chosen")
        }
    }

    /// The logits after bias and penalties: a copy in the workspace, unless there are none.
    private func adjust(
        _ raw: UnsafeBufferPointer<Float>, except early: Set<Int32> = [],
        allowing allowed: AllowedTokens? = nil, _ workspace: SamplingWorkspace
    ) -> UnsafeBufferPointer<Float> {
        guard
            allowed != nil || !parameters.logitBias.isEmpty || !history.isOff || !runs.isOff
                || !bans.isOff
                || !repeats.isOff || !forbidden.isEmpty || !early.isEmpty
                || parameters.allowedTokens != nil
        else { return raw }
        let logits = workspace.copy(raw)
        allowed?.apply(to: logits)
        for (token, bias) in parameters.logitBias where Int(token) < logits.count {
            logits[Int(token)] += bias
        }
        history.apply(to: logits)
        repeats.apply(to: logits)
        runs.apply(to: logits)
        bans.apply(to: logits)
        parameters.allowedTokens.map(logits.keepOnly)
        for token in forbidden where Int(token) < logits.count {
            logits[Int(token)] = -.infinity
        }
        for token in early where Int(token) < logits.count { logits[Int(token)] = -.infinity }
        return UnsafeBufferPointer(logits)
    }

    private func filter(
        _ row: UnsafeBufferPointer<Float>, _ workspace: SamplingWorkspace, _ random: inout Philox
    ) throws(EngineError) {
        let (p, candidates) = (parameters, workspace.candidates)
        if let mirostat {
            try candidates.take(row, &workspace.maxima, top: 0)
            candidates.weigh(temperature: p.temperature)
            return candidates.keepUnsurprising(mirostat.limit)
        }
        let lowest =
            p.topNSigma > 0
            ? workspace.maxima.largest - p.topNSigma * VectorMath.deviation(row) : -.infinity
        try candidates.take(row, &workspace.maxima, top: p.topK, from: lowest)
        candidates.weigh(temperature: p.temperatureRange > 0 ? 1 : p.temperature)
        candidates.keepNucleus(p.topP, atLeast: p.minKeep)
        candidates.keepAbove(p.minP, atLeast: p.minKeep)
        candidates.keepTypical(p.typicalP, atLeast: p.minKeep)
        if p.xtcProbability > 0, random.nextUniform() < Double(p.xtcProbability) {
            candidates.excludeTop(above: p.xtcThreshold, leaving: p.minKeep)
        }
        if p.temperatureRange > 0 {
            candidates.temper(
                from: max(p.temperature - p.temperatureRange, 0),
                to: p.temperature + p.temperatureRange, exponent: p.temperatureExponent)
        }
    }
}

/// Buffers of one sampling thread, kept from row to row.
package final class SamplingWorkspace {
    private var storage = UnsafeMutableBufferPointer<Float>.allocate(capacity: 0)
    var maxima = RowMaxima()
    let candidates = Candidates()

    package init() {}

    deinit {
        storage.deallocate()
    }

    /// A copy of a row that may be changed, valid until the next one.
    func copy(_ row: UnsafeBufferPointer<Float>) -> UnsafeMutableBufferPointer<Float> {
        if storage.count < row.count {
            storage.deallocate()
            storage = .allocate(capacity: row.count)
        }
        _ = storage.update(fromContentsOf: row)
        return UnsafeMutableBufferPointer(rebasing: storage[..<row.count])
    }
}
