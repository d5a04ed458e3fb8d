import Engine
import PluginHost
import Services

/// A model in use: the request's first revision serves it to its end.
struct ModelHold<Engine: Sendable>: Sendable {
    let name: String
    let engine: Engine
    /// Which of the requested purposes the model serves; nil for one of its own tasks.
    let purpose: Settings.Purpose?
    private let lease: Lease<ModelServing>

    fileprivate init(
        name: String, engine: Engine, purpose: Settings.Purpose?, lease: Lease<ModelServing>
    ) {
        self.name = name
        self.engine = engine
        self.purpose = purpose
        self.lease = lease
    }

    /// Nil for a model that does not say what its tokens are.
    var tokenizer: ModelTokenizer? { lease.serving.tokenizer }

    /// Identifies the weights of this revision.
    var fingerprint: String {
        get async { await lease.serving.fingerprint.value }
    }

    /// Identifies host, plugin and model of an answer: `fp_BUILD_MODEL`.
    var systemFingerprint: String {
        get async {
            let build = SHA256.hexadecimal(Array("\(Version.text)\0\(lease.libraryHash)".utf8))
            let model = await lease.serving.sample.value
            return "fp_\(build.prefix(8))_\(model.prefix(8))"
        }
    }

    /// Releases the model; otherwise that happens when the hold is deallocated, perhaps long after
    /// its last use.
    func release() {
        lease.release()
    }
}

/// A task that a model has of its own, and what runs it.
struct OwnTask: Sendable {
    let task: ModelTask
    let engine: VectorEngine
}

extension Models {
    /// Holds a model that generates text.
    ///
    /// - Parameter name: nil for the default of this purpose.
    /// - Throws: `APIError`, `DeploymentError`.
    func text(
        _ name: String?, for purpose: Settings.Purpose
    ) async throws -> ModelHold<TextServing> {
        try await hold(name, for: [purpose], \.text)
    }

    /// Holds a model for the first of `purposes` that it can serve; without a name, the default for
    /// the first of them that has one.
    ///
    /// - Throws: `APIError`, `DeploymentError`.
    func vectors(
        _ name: String?, for purposes: [Settings.Purpose]
    ) async throws -> ModelHold<VectorEngine> {
        try await hold(name, for: purposes, \.vectors)
    }

    /// Holds a model that exposes its tokens: without a name, the one that completes text.
    ///
    /// - Throws: `APIError`, `DeploymentError`.
    func tokens(_ name: String?) async throws -> ModelHold<ModelServing> {
        let hold = try await hold(name, for: [.completion] + Settings.Purpose.allCases) { $0 }
        guard hold.engine.tokenizer != nil else {
            throw APIError.refused("model '\(hold.name)' does not say what its tokens are")
        }
        return hold
    }

    /// Holds an image model.
    ///
    /// - Parameter name: nil for the default.
    /// - Throws: `APIError`, `DeploymentError`.
    func images(_ name: String?) async throws -> ModelHold<ImageEngine> {
        try await hold(name, for: [.image], \.images)
    }

    /// Holds a model for one of its own tasks.
    ///
    /// - Throws: `APIError`, `DeploymentError`, `TaskRefusal`.
    func task(_ task: String, of name: String) async throws -> ModelHold<OwnTask> {
        let lease = try await lease(name)
        guard let engine = lease.serving.vectors else {
            throw TaskRefusal.unknown(task, known: [])
        }
        let own = OwnTask(task: try lease.serving.tasks.task(task), engine: engine)
        return ModelHold(name: name, engine: own, purpose: nil, lease: lease)
    }

    /// A model's sampling defaults; without a name, those of the model that `text` would take.
    func sampling(of name: String?, for purpose: Settings.Purpose) -> SamplingParameters {
        // A summary should be accurate, not varied.
        let usual = purpose == .summarize ? SamplingParameters.greedy : SamplingParameters()
        return said(of: name, for: purpose).applied(to: usual)
    }

    /// What the settings say of it.
    func said(of name: String?, for purpose: Settings.Purpose) -> SamplingChoices {
        let name = name ?? (try? choose(for: [purpose]))
        return settings.first { $0.name == name }?.sampling ?? SamplingChoices()
    }

    private func hold<Engine: Sendable>(
        _ name: String?, for purposes: [Settings.Purpose], _ engine: (ModelServing) -> Engine?
    ) async throws -> ModelHold<Engine> {
        let name = try name ?? choose(for: purposes)
        let lease = try await lease(name)
        guard let purpose = purposes.first(where: lease.description.can),
            let engine = engine(lease.serving)
        else { throw cannot(name, purposes[0]) }
        return ModelHold(name: name, engine: engine, purpose: purpose, lease: lease)
    }

    /// The names of the models that are known to serve `purpose`.
    func able(_ purpose: Settings.Purpose) -> [String] {
        registry.models.map(\.name).filter { purposes(of: $0).contains(purpose) }
    }

    /// The default for `purpose`, else the first model that is known to serve it.
    func preferred(for purpose: Settings.Purpose) -> String? {
        defaultName(for: purpose) ?? able(purpose).first
    }

    private func choose(for purposes: [Settings.Purpose]) throws -> String {
        for purpose in purposes {
            if let name = defaultName(for: purpose) { return name }
            let able = able(purpose)
            if able.count == 1 { return able[0] }
            if able.count > 1 {
                throw APIError.missing(param: "model", expected: able.joined(separator: " or "))
            }
        }
        let names = registry.models.map(\.name)
        if names.count == 1 { return names[0] }
        let wanted = "a model that can \(purposes[0].deed)"
        throw APIError.missing(
            param: "model",
            expected: names.isEmpty ? wanted : wanted + "; no model that is loaded can")
    }

    /// The model that the settings name for `purpose`.
    func defaultName(for purpose: Settings.Purpose) -> String? {
        settings.first { $0.defaultFor.contains(purpose) }?.name
    }

    private func cannot(_ name: String, _ purpose: Settings.Purpose) -> APIError {
        let able = able(purpose).filter { $0 != name }.map { "'\($0)'" }
        let others =
            able.isEmpty
            ? "no model that is loaded does" : "those that do: \(able.joined(separator: ", "))"
        return .refused("model '\(name)' does not \(purpose.deed); \(others)")
    }
}

extension Models {
    /// Runs `body`; if its model is reloaded at this moment, runs it again with the next revision.
    static func inNextRevision<Value>(_ body: () async throws -> Value) async throws -> Value {
        var attempts = 0
        while true {
            do {
                return try await body()
            } catch EngineError.draining where attempts < 3 {
                attempts += 1
            }
        }
    }
}
