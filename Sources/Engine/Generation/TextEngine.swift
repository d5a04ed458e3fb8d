package import PluginHost

/// Generates text with one model for many requests at a time.
///
/// Requests join and leave a running batch at every step of the model. When the model is lost they are
/// fed to the next one and go on; see `Lane` for the loop.
package final class TextEngine: GenerationServing {
    private let supervisor: ModelSupervisor
    private let model: TextModel
    private let options: EngineOptions
    private let inbox: Inbox
    package let tokenizer: ModelTokenizer

    /// Starts the model if it is not up yet; blocks until it is.
    ///
    /// - Throws: what the start of the model failed with; `EngineError.unsupported` for a model that
    ///   does not generate text.
    package init(supervisor: ModelSupervisor, options: EngineOptions = EngineOptions()) throws {
        let model = try TextModel(supervisor.current())
        var options = options
        options.parallel = max(1, min(options.parallel, model.capabilities.sequences))
        options.tokenBudget = max(1, options.tokenBudget)
        self.supervisor = supervisor
        self.model = model
        self.options = options
        inbox = Inbox(options)
        tokenizer = ModelTokenizer(
            supervisor, model.vocabulary, tokenCount: model.tokenCount, retries: options.retries)
        let lane = Lane(supervisor: supervisor, facts: model, options: options, inbox: inbox)
        BlockingThread.start("roost-lane") { lane.run() }
    }

    deinit {
        inbox.stop()
    }

    package var info: ModelInfo { model.info }
    /// Positions per sequence, for prompt and output together.
    package var contextLength: Int { model.contextLength }
    /// Whether requests bring a source that the model reads before it writes.
    package var readsSource: Bool { model.encoder != nil }
    /// How many tokens an encoder-decoder's output begins with that are not part of it.
    package var beginning: Int { model.decoderPrompt.count }
    package var vocabularySize: Int { model.tokenCount }
    /// Requests that run at the same time.
    package var parallel: Int { options.parallel }
    /// Requests that may be running or wait: what is submitted together must not be more.
    package var capacity: Int { options.parallel + options.queueLimit }
    package var statistics: EngineStatistics { inbox.statistics }

    /// Takes a request. Never blocks.
    ///
    /// - Throws: what is wrong with the request, `.overloaded`, `.draining` or `.stopped`.
    package func submit(_ request: GenerationRequest) throws(EngineError) -> GenerationStream {
        var request = request
        if request.prompt.isEmpty { request.prompt = model.decoderPrompt }
        try model.check(request)
        try supervisor.check(request.fingerprint)
        let channel = EventChannel(limit: options.backlog) { [weak inbox] in inbox?.ring() }
        let generation = Generation(
            request, channel: channel, model: model,
            deadline: request.deadline ?? options.requestDeadline,
            seed: UInt64.random(in: 0...UInt64(Int64.max)))
        try inbox.submit(generation)
        return GenerationStream(channel, of: self)
    }

    /// Takes no new requests and returns when those it has are done, or after `limit`.
    package func drain(upTo limit: Duration) async {
        await inbox.drain(upTo: limit)
    }

    /// Ends all requests with `.stopped`; returns when nothing calls the model any more, or when a call
    /// does not come back within the options' patience.
    package func stop() async {
        inbox.stop()
        await inbox.waitForEnd(atMost: options.stopPatience)
    }
}

// MARK: - Text and tokens

extension TextEngine {
    /// Turns text into tokens.
    ///
    /// - Throws: `EngineError`.
    package func tokenize(
        _ text: String, addSpecial: Bool, parseSpecial: Bool
    ) async throws -> [Int32] {
        try await tokenizer.tokenize(text, addSpecial: addSpecial, parseSpecial: parseSpecial)
    }

    /// Turns a prompt into tokens, of which only the template's own words make control tokens.
    ///
    /// - Throws: `EngineError`, and what `render` throws.
    package func tokenize(
        _ render: @escaping @Sendable () throws -> RenderedPrompt
    ) async throws -> [Int32] {
        try await tokenizer.tokenize(render)
    }

    /// The text of tokens; control tokens are not shown.
    package func detokenize(_ tokens: [Int32]) throws(EngineError) -> String {
        try tokenizer.detokenize(tokens)
    }

    /// The bytes that a token writes.
    package func bytes(of token: Int32) -> [UInt8] {
        Array(model.vocabulary.piece(token))
    }

    /// The beginning-of-text token as templates write it; empty without one.
    package var bosToken: String { text(of: model.vocabulary.bos) }
    /// The end-of-text token as templates write it; empty without one.
    package var eosToken: String { text(of: model.vocabulary.eos) }

    private func text(of token: Int32?) -> String {
        token.map { String(decoding: model.vocabulary.piece($0), as: UTF8.self) } ?? ""
    }
}
