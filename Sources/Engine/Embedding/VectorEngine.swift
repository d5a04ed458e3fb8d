package import JSON
package import PluginHost

/// Embeds, scores and labels texts, and runs tasks, with one model for many callers at a time.
///
/// The texts of all of them are batched by token count. A short request goes before a long one, and
/// waits for at most one step of it. If the model is lost, its current work is started again; see
/// `VectorLoop`.
package final class VectorEngine: RevisionServing {
    private let supervisor: ModelSupervisor
    private let profile: VectorProfile
    private let options: EngineOptions
    private let queue: JobQueue<VectorJob>
    private let cache: EmbeddingCache
    private let counting = BlockingPool("roost-count", limit: 2)

    /// Starts the model if necessary; blocks until it is up.
    ///
    /// - Throws: the error of the model's start; `EngineError.unsupported` for a model without
    ///   vectors and tasks.
    package init(supervisor: ModelSupervisor, options: EngineOptions = .vectors) throws {
        let profile = try VectorProfile(supervisor.current())
        var options = options
        options.tokenBudget = max(1, options.tokenBudget)
        self.supervisor = supervisor
        self.profile = profile
        self.options = options
        queue = JobQueue(limit: options.queueLimit, costLimit: options.textLimit)
        cache = EmbeddingCache(limit: options.cacheBytes)
        let loop = VectorLoop(supervisor, profile, options, queue, cache)
        BlockingThread.start("roost-vectors") { loop.run() }
    }

    deinit {
        queue.stop()
    }

    package var info: ModelInfo { profile.info }
    package var capabilities: VectorCapabilities { profile.capabilities }
    /// The names of the model's tasks.
    package var tasks: [String] { profile.tasks }

    package var statistics: EngineStatistics {
        var statistics = queue.statistics
        cache.report(to: &statistics)
        return statistics
    }

    package func drain(upTo limit: Duration) async {
        await queue.drain(upTo: limit)
    }

    package func stop() async {
        await queue.stop(patience: options.stopPatience)
    }
}

// MARK: - Vectors

extension VectorEngine {
    /// Embeds texts; those longer than the model reads are cut.
    ///
    /// - Parameters:
    ///   - dimensions: how many leading numbers of each vector to keep, for models trained for it.
    ///   - normalized: scales vectors to length 1, if the model's own pipeline does.
    /// - Throws: `EngineError`, or `CancellationError` when the task is cancelled.
    package func embed(
        _ inputs: [EmbeddingInput], purpose: EmbeddingPurpose, dimensions: Int? = nil,
        normalized: Bool = true
    ) async throws -> EmbeddingResult {
        try profile.check(inputs)
        try profile.check(dimensions: dimensions)
        let answers = try await answers(
            to: inputs, .embed(EmbedFlags(purpose, normalized: normalized)))
        let width = dimensions ?? capabilities.dimensions
        let vectors = answers.map { $0.values.cut(to: width, normalized: normalized) }
        return EmbeddingResult(vectors: vectors, readings: answers.map(\.reading))
    }

    /// Scores documents by their relevance to a query.
    package func scores(query: String, documents: [String]) async throws -> ScoreResult {
        guard capabilities.scoresPairs else { throw EngineError.unsupported("scores of pairs") }
        let answers = try await answers(
            to: documents.map(EmbeddingInput.text), .score(query: ExactString(query)))
        return ScoreResult(
            scores: answers.map { $0.values[0] }, readings: answers.map(\.reading))
    }

    /// Labels texts, or pairs: each text with the corresponding one of `pairs`, which has as many.
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
        let answers = try await answers(
            to: texts.map(EmbeddingInput.text), pairs: pairs, .classify(pairs: pairs != nil))
        return ClassificationResult(
            logits: answers.map(\.values), readings: answers.map(\.reading))
    }

    /// The tokens of texts as `embed` for this purpose, `scores` or `classify` reads them; nil if
    /// the model does not tell.
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
        to inputs: [EmbeddingInput], pairs: [String]? = nil, _ kind: EmbeddingJob.Kind
    ) async throws -> [EmbeddingJob.Answer] {
        let known = inputs.map { cache.answer(for: .init(kind, $0)) }
        let pieces = pieces(of: inputs, pairs: pairs, kind, without: known)
        for piece in pieces { try supervisor.check(piece.fingerprint(kind)) }
        let reply = JobChannel<[EmbeddingJob.Answer]>(options, to: queue)
        let job = EmbeddingJob(kind, answers: known, pieces: pieces, reply: reply)
        try queue.submit(job, needsStep: !pieces.isEmpty)
        if pieces.isEmpty { job.finish() }
        return try await reply.single()
    }

    /// The texts to compute, equal ones once.
    private func pieces(
        of inputs: [EmbeddingInput], pairs: [String]?, _ kind: EmbeddingJob.Kind,
        without known: [EmbeddingJob.Answer?]
    ) -> [EmbeddingJob.Piece] {
        struct Key: Hashable {
            let input: EmbeddingInput
            let pair: ExactString?
        }
        let query = if case .score(let query) = kind { query.text } else { "" }
        var pieces: [EmbeddingJob.Piece] = []
        var first: [Key: Int] = [:]
        for (place, input) in inputs.enumerated() where known[place] == nil {
            let pair = pairs?[place]
            let key = Key(input: input, pair: pair.map(ExactString.init))
            if let index = first[key] {
                pieces[index].places.append(place)
            } else {
                first[key] = pieces.count
                let tokens = profile.estimate(input, beside: pair ?? query)
                pieces.append(.init(input, pair: pair, place: place, tokens: tokens))
            }
        }
        return pieces
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
    /// Runs a task. Its events arrive as the model emits them; a slow reader makes it pause, and a
    /// reader that leaves ends it.
    ///
    /// - Throws: `EngineError` if the task is not started.
    package func run(task name: String, input: JSONValue) throws -> JobEvents<JSONValue> {
        guard tasks.contains(name) else { throw EngineError.unsupported("the task '\(name)'") }
        let events = JobChannel<JSONValue>(options, to: queue)
        let task = TaskJob(
            name, input: Array(input.serialized().utf8), events: events,
            remaining: options.tokenBudget)
        try supervisor.check(task.fingerprint)
        try queue.submit(task)
        return JobEvents(events, of: self)
    }
}
