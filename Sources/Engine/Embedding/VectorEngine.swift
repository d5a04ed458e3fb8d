package import JSON
package import PluginHost

/// Embeds, scores and labels texts, and runs tasks, with one model for many callers at a time.
///
/// The texts of all of them are batched by token count; a short request goes before a long one, which
/// it waits for at most a step. When the model is lost, what it was at is begun anew; see `VectorLane`.
package final class VectorEngine: GenerationServing {
    private let supervisor: ModelSupervisor
    private let model: VectorModel
    private let options: VectorEngineOptions
    private let inbox: VectorInbox
    private let cache: EmbeddingCache
    private let counting = BlockingCrew("roost-count", limit: 2)

    /// Starts the model if it is not up yet; blocks until it is.
    ///
    /// - Throws: what the start of the model failed with; `EngineError.unsupported` for a model without
    ///   vectors and tasks.
    package init(
        supervisor: ModelSupervisor, options: VectorEngineOptions = VectorEngineOptions()
    ) throws {
        let model = try VectorModel(supervisor.current())
        var options = options
        options.tokenBudget = max(1, options.tokenBudget)
        self.supervisor = supervisor
        self.model = model
        self.options = options
        inbox = VectorInbox(options)
        cache = EmbeddingCache(limit: options.cacheBytes)
        let lane = VectorLane(
            supervisor: supervisor, facts: model, options: options, inbox: inbox, cache: cache)
        BlockingThread.start("roost-vectors") { lane.run() }
    }

    deinit {
        inbox.stop()
    }

    package var info: ModelInfo { model.info }
    package var capabilities: VectorCapabilities { model.capabilities }
    /// The names of the model's tasks.
    package var tasks: [String] { model.tasks }

    package var statistics: VectorStatistics {
        var statistics = inbox.statistics
        cache.report(to: &statistics)
        return statistics
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

// MARK: - Vectors

extension VectorEngine {
    /// Embeds texts; those longer than the model takes are cut.
    ///
    /// - Parameters:
    ///   - dimensions: the first so many numbers of each vector, for models that are made for it.
    ///   - normalized: of length 1, where the model's own pipeline makes them so.
    /// - Throws: `EngineError`, or `CancellationError` when the task is cancelled.
    package func embed(
        _ inputs: [EmbeddingInput], purpose: EmbeddingPurpose, dimensions: Int? = nil,
        normalized: Bool = true
    ) async throws -> EmbeddingResult {
        try model.check(inputs)
        try model.check(dimensions: dimensions)
        let flags = EmbedFlags(purpose, normalized: normalized)
        let answers = try await answers(to: inputs, flags)
        let width = dimensions ?? capabilities.dimensions
        let vectors = answers.map { $0.values.cut(to: width, normalized: normalized) }
        return EmbeddingResult(vectors: vectors, readings: answers.map(\.reading))
    }

    /// Scores documents by their relevance to a query.
    package func scores(query: String, documents: [String]) async throws -> ScoreResult {
        guard capabilities.scoresPairs else { throw EngineError.unsupported("scores of pairs") }
        let answers = try await answers(to: documents, .score(query: ExactString(query))) {
            model.estimate($0, beside: query)
        }
        return ScoreResult(
            scores: answers.map { $0.values[0] }, readings: answers.map(\.reading))
    }

    /// Labels texts, or pairs: each text with the one of `pairs` at its place, of which there are as many.
    package func classify(
        _ texts: [String], pairs: [String]? = nil
    ) async throws -> ClassificationResult {
        guard capabilities.classifies else { throw EngineError.unsupported("labels") }
        if let pairs {
            guard capabilities.classifiesPairs else {
                throw EngineError.unsupported("labels of pairs")
            }
            precondition(pairs.count == texts.count, "a pair for each text")
        }
        let kind = TextJob.Kind.classify(pairs: pairs != nil)
        let answers = try await answers(to: texts, pairs: pairs, kind) { model.estimate($0) }
        return ClassificationResult(
            logits: answers.map(\.values), readings: answers.map(\.reading))
    }

    /// The tokens of texts as `embed` for this purpose, `scores` or `classify` reads them; nil where the
    /// model does not tell.
    package func countTokens(
        of texts: [String], with companions: Companions = .none,
        purpose: EmbeddingPurpose = .symmetric
    ) async throws -> [TokenCount]? {
        guard capabilities.countsTokens else { return nil }
        return try await counting.run { [supervisor, retries = options.retries] in
            try supervisor.tokenizing(
                Fingerprint.of(
                    "count", texts.map(ExactString.init), companions.fingerprint, purpose),
                input: "input", retries: retries
            ) {
                try $0.countTokens(
                    of: texts, with: companions, flags: EmbedFlags(purpose, normalized: true))
            }
        }
    }

    private func answers(
        to inputs: [EmbeddingInput], _ flags: EmbedFlags
    ) async throws -> [TextJob.Answer] {
        let known = inputs.map { cache.answer(for: .init(flags: flags, input: $0)) }
        let pieces = pieces(inputs, without: known) { input in
            switch input {
            case .text(let text): (model.estimate(text), isCounted: false)
            case .tokens(let ids): (ids.count, isCounted: true)
            }
        }
        return try await answer(TextJob(.embed(flags), answers: known, pieces: pieces))
    }

    private func answers(
        to texts: [String], pairs: [String]? = nil, _ kind: TextJob.Kind, estimate: (String) -> Int
    ) async throws -> [TextJob.Answer] {
        let inputs = texts.map(EmbeddingInput.text)
        let nothing = [TextJob.Answer?](repeating: nil, count: texts.count)
        let pieces = pieces(inputs, pairs: pairs, without: nothing) { input in
            if case .text(let text) = input {
                (estimate(text), isCounted: false)
            } else {
                (1, true)
            }
        }
        return try await answer(TextJob(kind, answers: nothing, pieces: pieces))
    }

    /// What is to be computed, equal texts once.
    private func pieces(
        _ inputs: [EmbeddingInput], pairs: [String]? = nil, without known: [TextJob.Answer?],
        tokens: (EmbeddingInput) -> (Int, isCounted: Bool)
    ) -> [TextJob.Piece] {
        struct Key: Hashable {
            let input: EmbeddingInput
            let pair: ExactString?
        }
        var pieces: [TextJob.Piece] = []
        var first: [Key: Int] = [:]
        for (place, input) in inputs.enumerated() where known[place] == nil {
            let pair = pairs?[place]
            let key = Key(input: input, pair: pair.map(ExactString.init))
            if let index = first[key] {
                pieces[index].places.append(place)
            } else {
                first[key] = pieces.count
                var (tokens, isCounted) = tokens(input)
                if let pair { tokens = model.cut(tokens + model.estimate(pair)) }
                pieces.append(
                    .init(
                        input: input, pair: pair, places: [place], tokens: tokens,
                        isCounted: isCounted, isCut: isCounted ? false : nil))
            }
        }
        return pieces
    }

    private func answer(_ job: TextJob) async throws -> [TextJob.Answer] {
        for piece in job.pending { try supervisor.check(piece.fingerprint(job.kind)) }
        if job.isDone {
            try inbox.answeredAtOnce()
            job.finish()
        } else {
            try inbox.submit(job)
        }
        return try await job.reply.value { [weak inbox] in inbox?.ring() }
    }
}

extension EmbedFlags {
    fileprivate init(_ purpose: EmbeddingPurpose, normalized: Bool) {
        switch purpose {
        case .query: self = .query
        case .passage: self = .passage
        case .symmetric: self = []
        }
        if !normalized { insert(.noNormalize) }
    }
}

extension Companions {
    fileprivate var fingerprint: Int {
        switch self {
        case .none: Fingerprint.of("none")
        case .query(let query): Fingerprint.of("query", ExactString(query))
        case .pairs(let pairs): Fingerprint.of("pairs", pairs.map(ExactString.init))
        }
    }
}

extension [Float] {
    /// The first numbers of a vector, of length 1 again (Kusupati et al. 2022, arXiv:2205.13147).
    fileprivate func cut(to width: Int, normalized: Bool) -> [Float] {
        guard width < count else { return self }
        let head = prefix(width)
        let length = head.reduce(0 as Double) { $0 + Double($1) * Double($1) }.squareRoot()
        guard normalized, length > 0 else { return Array(head) }
        return head.map { Float(Double($0) / length) }
    }
}

// MARK: - Tasks

extension VectorEngine {
    /// Runs a task. Its events come as the model has them; a reader that is far behind makes it pause, one
    /// that goes away ends it.
    ///
    /// - Returns: JSON objects; errors are `EngineError`, or `CancellationError` for a cancelled reader.
    package func run(
        task name: String, input: JSONValue
    ) -> AsyncThrowingStream<JSONValue, any Error> {
        let channel = TaskChannel(limit: options.backlog) { [weak inbox] in inbox?.ring() }
        let task = TaskRun(
            name, input: Array(input.serialized().utf8), channel: channel,
            remaining: options.tokenBudget)
        do {
            guard tasks.contains(name) else {
                throw EngineError.unsupported("the task '\(name)'")
            }
            try supervisor.check(task.fingerprint)
            try inbox.submit(task)
        } catch {
            channel.fail(error)
        }
        return channel.stream(keeping: self)
    }
}
