import PluginHost

/// A request for text, as a job.
final class Generation: EngineJob, @unchecked Sendable {
    let request: GenerationRequest
    let events: JobChannel<GenerationEvent>
    let submitted: MonotonicTime
    var hasBegun = false
    /// Prompt and output; the model's sequence holds the first of them.
    private(set) var tokens: [Int32]
    /// The longest output that context and request allow.
    let limit: Int
    /// Tokens that end the output, the model's own and the request's.
    let ends: Set<Int32>
    var sampler: Sampler
    var usage = Usage()
    /// The model's sequence, while running.
    var slot: Int?
    var suspicion = Suspicion()
    private var output: OutputText
    /// Prompt tokens whose text and log probability have been sent, if the prompt is echoed.
    private var echoed = 0
    private let ownDeadline: MonotonicTime?

    init(
        _ request: GenerationRequest, events: JobChannel<GenerationEvent>, profile: TextProfile,
        deadline: Duration?, seed: UInt64
    ) {
        self.request = request
        self.events = events
        submitted = .now
        ownDeadline = deadline.map { [submitted] in submitted + $0 }
        tokens = request.prompt
        let room = profile.contextLength - request.prompt.count
        limit = min(room, request.maxTokens ?? room)
        ends = profile.endTokens.union(request.stopTokens)
        let forbidden = request.ignoreEOS ? Array(profile.endTokens) : []
        sampler = Sampler(
            request.sampling, forbidden: profile.unusedTokens + forbidden,
            vocabulary: profile.vocabulary, seed: seed)
        output = OutputText(
            profile.vocabulary, stop: StopMatcher(request.stop, includesStop: request.includesStop),
            beginsText: request.source != nil || request.echo,
            showsControl: request.showsControlTokens)
        usage.promptTokens = request.inputCount
        usage.seed = sampler.seed
        for token in request.prompt { sampler.append(token, generated: false) }
    }

    var generated: Int { tokens.count - request.prompt.count }

    var isCancelled: Bool { events.isCancelled }

    /// Whether its reader is too far behind for further tokens.
    var isPaused: Bool { generated > 0 && events.isFull }

    var deadline: MonotonicTime? {
        guard generated > 0, let stall = events.stall else { return ownDeadline }
        return min(stall, ownDeadline ?? stall)
    }

    func fail(_ error: any Error) {
        events.fail(error)
    }

    /// Whether the log probabilities of the prompt itself are wanted, which needs all its logits.
    var scoresPrompt: Bool { request.echo && request.logprobs != nil }

    /// Whether the logits after the token at `position` are needed.
    func wantsLogits(at position: Int) -> Bool {
        let next = position + 1
        return next == tokens.count
            || scoresPrompt && next >= echoed && next < request.prompt.count
    }
}

// MARK: - Output

extension Generation {
    /// Adds a sampled token, and sends the text that it completes.
    ///
    /// - Returns: the stop string that ends the output.
    func append(_ token: Int32, _ info: TokenLogProb?) -> String? {
        tokens.append(token)
        sampler.append(token, generated: true)
        return send(output.append(token, info))
    }

    /// Sends a token of an echoed prompt.
    func echo(_ token: Int32, _ info: TokenLogProb?) {
        send(output.echo(token, info))
        echoed += 1
    }

    /// Sends what was held back, after the last token.
    ///
    /// - Returns: the stop string that ends the output.
    func sendRest() -> String? {
        send(output.finish())
    }

    @discardableResult
    private func send(_ piece: OutputText.Piece) -> String? {
        if !piece.isEmpty {
            events.send(.text(piece.text, tokens: piece.tokens), count: piece.count)
        }
        return piece.stop
    }
}

/// How a request is related to failures of the model.
struct Suspicion {
    /// Failures with this request in the batch since it last got past one.
    private(set) var failures = 0
    /// When the first of them began.
    private(set) var since: MonotonicTime?
    /// Those of them at tokens that the model had processed before, which suggest that the request
    /// is not to blame.
    private(set) var accidents = 0
    /// How many of the request's tokens a model has ever processed.
    private var proven = 0
    /// While set, the request runs alone, until the model holds this many of its tokens: it is then
    /// past the point of failure.
    private(set) var clearedAt: Int?

    /// - Parameter started: when the call began that failed.
    mutating func add(failureAt position: Int, since started: MonotonicTime) {
        since = since ?? started
        failures += 1
        accidents += position <= proven ? 1 : 0
        clearedAt = max(clearedAt ?? 0, position)
    }

    /// The model has processed the request's tokens up to `position`: if that is past the point of
    /// failure, the request is cleared.
    mutating func passed(_ position: Int) {
        proven = max(proven, position)
        guard let place = clearedAt, position >= place else { return }
        (failures, accidents, since, clearedAt) = (0, 0, nil, nil)
    }

    /// Whether it failed too often not to be the cause.
    func isGuilty(beyond retries: Int) -> Bool { failures - accidents > retries }
}
