import PluginHost

/// The properties of a text model that stay the same across restarts of its worker.
struct TextProfile: Sendable {
    let info: ModelInfo
    let vocabulary: Vocabulary
    let capabilities: DecodeCapabilities
    let encoder: EncoderCapabilities?
    let endTokens: Set<Int32>
    let unusedTokens: [Int32]

    /// - Throws: `EngineError.unsupported` for a model that cannot generate text.
    init(_ model: any LoadedModel) throws(EngineError) {
        guard let capabilities = model.description.decode else {
            throw .unsupported("text generation: it has no roost.text.decode/1")
        }
        guard let vocabulary = model.vocabulary else {
            throw .unsupported(
                "text generation: it has roost.text.decode/1 without roost.text.tokens/1")
        }
        guard capabilities.sequences > 0, capabilities.batchSize > 0 else {
            throw .unsupported("a batch of \(capabilities.batchSize) rows of text")
        }
        info = ModelInfo(model.description)
        self.vocabulary = vocabulary
        self.capabilities = capabilities
        encoder = model.description.encoder
        endTokens = vocabulary.endTokens
        unusedTokens = vocabulary.unusedTokens
    }

    var contextLength: Int { capabilities.contextLength }

    /// Tokens that the model reads and writes; its logits may have columns beyond them.
    var tokenCount: Int { min(vocabulary.count, capabilities.vocabularySize) }

    /// What the output of an encoder-decoder begins with.
    var decoderPrompt: [Int32] {
        [encoder?.decoderStart, info.generation.forcedBOS].compactMap { $0 }
            .filter { $0 < capabilities.vocabularySize }
    }

    /// Refuses what cannot be generated.
    func check(_ request: GenerationRequest) throws(EngineError) {
        try checkSource(of: request)
        guard !request.prompt.isEmpty else { throw .emptyPrompt }
        guard request.prompt.count < contextLength else {
            throw .promptTooLong(tokens: request.prompt.count, context: contextLength)
        }
        // The beginning may lie beyond the vocabulary: it is never shown.
        if request.prompt != decoderPrompt { try checkTokens(request.prompt) }
        if let limit = request.maxTokens, limit < 0 {
            throw .invalidParameter(name: "max_tokens", reason: "must be 0 or more")
        }
        if request.minTokens < 0 {
            throw .invalidParameter(name: "min_tokens", reason: "must be 0 or more")
        }
        for (name, count) in [
            ("logprobs", request.logprobs), ("prompt_logprobs", request.promptLogprobs),
        ] where count.map({ !(0...128).contains($0) }) ?? false {
            throw .invalidParameter(name: name, reason: "must be between 0 and 128")
        }
        if request.stop.contains("") {
            throw .invalidParameter(name: "stop", reason: "must not contain an empty string")
        }
        try checkTokens(Array(request.stopTokens))
        try request.sampling.validate(vocabulary: tokenCount)
    }

    /// The request with as much of its input as it wants and the context holds, and how many tokens that
    /// is less.
    func fitted(_ request: GenerationRequest) -> (request: GenerationRequest, dropped: Int) {
        var request = request
        var dropped = 0
        if let limit = request.inputLimit {
            let room = max(1, contextLength - max(1, request.maxTokens ?? 1))
            dropped = max(0, request.inputCount - (limit < 0 ? room : limit))
            if request.source != nil {
                request.source?.removeFirst(dropped)
            } else {
                request.prompt.removeFirst(dropped)
            }
        }
        if case .shift(let keep) = request.overflow {
            request.overflow = .shift(keep: min(keep, request.prompt.count))
        }
        if request.prompt.count >= contextLength {
            let (kept, gap) = request.overflow.cut(
                request.prompt.count, to: contextLength, room: request.maxTokens)
            request.prompt.removeSubrange(kept..<(kept + gap))
            dropped += gap
        }
        return (request, dropped)
    }

    private func checkSource(of request: GenerationRequest) throws(EngineError) {
        guard let source = request.source else {
            if encoder == nil { return }
            throw .unsupported("output without a source: it is an encoder-decoder")
        }
        guard encoder != nil else { throw .unsupported("a source: it has no encoder") }
        guard !source.isEmpty else { throw .emptyPrompt }
        if let limit = info.maxTokens, source.count > limit {
            throw .sourceTooLong(tokens: source.count, limit: limit)
        }
        try checkTokens(source)
    }

    private func checkTokens(_ tokens: [Int32]) throws(EngineError) {
        if let unknown = tokens.first(where: { $0 < 0 || $0 >= tokenCount }) {
            throw .unknownToken(unknown, vocabulary: tokenCount)
        }
    }
}

extension Vocabulary {
    /// The tokens that end a generation.
    fileprivate var endTokens: Set<Int32> {
        let marked = (0..<Int32(count)).filter { attributes(of: $0).contains(.end) }
        return Set(marked + [eos, eot].compactMap { $0 })
    }

    /// The tokens that must never be sampled.
    fileprivate var unusedTokens: [Int32] {
        (0..<Int32(count)).filter { attributes(of: $0).contains(.unused) }
    }
}
