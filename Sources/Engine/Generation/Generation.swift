import PluginHost

/// A request from its submission to its end. After the submission only the lane's thread touches it.
final class Generation: @unchecked Sendable {
    let request: GenerationRequest
    let channel: EventChannel
    let submitted: MonotonicTime
    let deadline: MonotonicTime?
    /// Prompt and output; the model holds the first so many of them as its sequence has.
    private(set) var tokens: [Int32]
    /// The longest output that context and request allow.
    let limit: Int
    /// Tokens that end the output, the model's own and the request's.
    let ends: Set<Int32>
    var sampler: Sampler
    var output: OutputText
    var usage = Usage()
    /// The model's sequence, while running.
    var slot: Int?
    /// Prompt tokens whose text and log probability have been sent, where the prompt is echoed.
    var echoed = 0
    var suspicion = Suspicion()

    init(
        _ request: GenerationRequest, channel: EventChannel, model: TextModel, deadline: Duration?,
        seed: UInt64
    ) {
        self.request = request
        self.channel = channel
        submitted = .now
        self.deadline = deadline.map { [submitted] in submitted + $0 }
        tokens = request.prompt
        let room = model.contextLength - request.prompt.count
        limit = min(room, request.maxTokens ?? room)
        ends = model.endTokens.union(request.stopTokens)
        let forbidden = request.ignoreEOS ? Array(model.endTokens) : []
        sampler = Sampler(request.sampling, forbidden: model.unusedTokens + forbidden, seed: seed)
        output = OutputText(
            model.vocabulary, stop: StopMatcher(request.stop, includesStop: request.includesStop),
            beginsText: request.source != nil || request.echo,
            showsControl: request.showsControlTokens)
        usage.promptTokens = request.inputCount
        usage.seed = sampler.seed
        for token in request.prompt { sampler.append(token, generated: false) }
    }

    var generated: Int { tokens.count - request.prompt.count }

    /// Since when it has been paused.
    var pausedSince: MonotonicTime?

    /// Whether its reader is so far behind that it should get no further token.
    var isPaused: Bool { generated > 0 && channel.isFull }

    /// Whether the log probabilities of the prompt itself are wanted, which needs all its logits.
    var scoresPrompt: Bool { request.echo && request.logprobs != nil }

    func notePause() {
        pausedSince = isPaused ? pausedSince ?? .now : nil
    }

    func append(_ token: Int32) {
        tokens.append(token)
        sampler.append(token, generated: true)
    }

    /// Whether the logits after the token at `position` are of use.
    func wantsLogits(at position: Int) -> Bool {
        let next = position + 1
        return next == tokens.count
            || scoresPrompt && next >= echoed && next < request.prompt.count
    }
}

/// What failures of the model have to do with a request.
struct Suspicion {
    /// Failures with this request in the batch since it last got past one.
    var failures = 0
    /// When the first of them began.
    var since: MonotonicTime?
    /// Those of them at tokens that the model had taken before, which speak for the request.
    var accidents = 0
    /// How many of the request's tokens a model has ever taken.
    var proven = 0
    /// While set, the request runs alone, until the model holds this many of its tokens: it is then
    /// past the place of the failure.
    var clearedAt: Int?
}
