package import PluginHost

/// Generates text with one model for many requests at a time.
///
/// Requests join and leave a running batch at every step of the model. If the model is lost, they
/// are fed to the next one and continue; see `TextLoop`.
package final class TextEngine: RevisionServing {
    private let supervisor: ModelSupervisor
    private let profile: TextProfile
    private let options: EngineOptions
    private let queue: JobQueue<Generation>
    /// Turns text into the model's tokens and back.
    package let tokenizer: ModelTokenizer
    /// What requests' outputs can be constrained to.
    package let constraints: ConstraintCache

    /// Starts the model if necessary; blocks until it is up.
    ///
    /// - Throws: the error of the model's start; `EngineError.unsupported` for a model that does
    ///   not generate text.
    package init(supervisor: ModelSupervisor, options: EngineOptions = .text) throws {
        let profile = try TextProfile(supervisor.current())
        var options = options
        options.parallel = max(1, min(options.parallel, profile.capabilities.sequences))
        options.tokenBudget = max(1, options.tokenBudget)
        self.supervisor = supervisor
        self.profile = profile
        self.options = options
        queue = JobQueue(limit: options.queueLimit, parallel: options.parallel)
        tokenizer = ModelTokenizer(
            supervisor, profile.vocabulary, tokenCount: profile.tokenCount, retries: options.retries
        )
        constraints = ConstraintCache(profile)
        let loop = TextLoop(supervisor, profile, options, queue)
        BlockingThread.start("roost-text") { loop.run() }
    }

    deinit {
        queue.stop()
    }

    package var info: ModelInfo { profile.info }
    /// Positions per sequence, for prompt and output together.
    package var contextLength: Int { profile.contextLength }
    /// Whether requests have a source that the model reads before it writes.
    package var readsSource: Bool { profile.encoder != nil }
    /// How many tokens an encoder-decoder's output begins with that are not part of it.
    package var beginning: Int { profile.decoderPrompt.count }
    package var vocabularySize: Int { profile.tokenCount }
    /// Requests that run at the same time.
    package var parallel: Int { options.parallel }
    /// How many requests may run or wait: no more may be submitted together.
    package var capacity: Int { options.parallel + options.queueLimit }
    package var statistics: EngineStatistics { queue.statistics }

    /// Submits a request. Never blocks.
    ///
    /// - Throws: the request's error, `.overloaded`, `.draining` or `.stopped`.
    package func submit(_ request: GenerationRequest) throws(EngineError) -> GenerationStream {
        var request = request
        if request.prompt.isEmpty { request.prompt = profile.decoderPrompt }
        let (fitted, dropped) = profile.fitted(request)
        request = fitted
        try profile.check(request)
        try supervisor.check(request.fingerprint)
        let events = JobChannel<GenerationEvent>(options, to: queue)
        let generation = Generation(
            request, events: events, profile: profile,
            deadline: request.deadline ?? options.requestDeadline,
            seed: UInt64.random(in: 0...UInt64(Int64.max)))
        generation.usage.droppedTokens = dropped
        try queue.submit(generation)
        queue.record { $0.promptTokens += request.inputCount }
        return GenerationStream(events, of: self)
    }

    package func drain(upTo limit: Duration) async {
        await queue.drain(upTo: limit)
    }

    package func stop() async {
        await queue.stop(patience: options.stopPatience)
    }
}
