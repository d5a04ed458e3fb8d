import Engine

/// The body of `POST /v1/summarize`.
struct SummaryRequest: Sendable {
    let generation: GenerationOptions
    let streams: Bool
    let input: String
    /// Whether neither request nor settings set the repetition penalty.
    private let leavesPenalty: Bool
    private let leavesNGrams: Bool
    private let leavesShortest: Bool

    /// - Parameters:
    ///   - defaults: what a model samples with; nil is the default model.
    ///   - said: what its settings say about that.
    init(
        _ fields: Fields, defaults: (String?) -> SamplingParameters,
        said: (String?) -> SamplingChoices
    ) throws {
        generation = try GenerationOptions(fields, defaults: defaults)
        streams = try StreamOptions(fields).streams
        input = try fields.required("input")
        leavesPenalty =
            fields.value("repetition_penalty") == nil
            && said(generation.model)["repetition_penalty"] == nil
        leavesNGrams = fields.value("no_repeat_ngram_size") == nil
        leavesShortest = fields.value("min_tokens") == nil
        guard !input.trimmed.isEmpty else {
            throw APIError.invalid(param: "input", "is empty, expected a text")
        }
        guard generation.choices == 1 else {
            throw APIError.unsupported(
                param: "n", "is \(generation.choices), expected 1; send the text again for another")
        }
    }

    /// The request for one source; what the client leaves open is as the model's makers recommend.
    func request(of source: [Int32], _ engine: TextEngine) -> GenerationRequest {
        let usual = engine.info.generation
        var request = generation.request
        request.source = source
        request.maxTokens =
            request.maxTokens ?? usual.longest(after: engine.beginning) ?? Self.usualLength
        if leavesShortest { request.minTokens = usual.shortest(after: engine.beginning) }
        request.minTokens = min(request.minTokens, request.maxTokens ?? .max)
        if leavesPenalty, let penalty = usual.repetitionPenalty {
            request.sampling.repetitionPenalty = penalty
        }
        if leavesNGrams, let size = usual.noRepeatNGram { request.sampling.noRepeatNGram = size }
        return request
    }

    /// The longest summary, in tokens, if neither client nor model says.
    private static let usualLength = 256
}
