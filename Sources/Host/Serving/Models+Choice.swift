import Engine
import PluginHost
import Services

/// A model in use: the request's first revision serves it to its end.
struct ModelHold<Engine: Sendable>: Sendable {
    let name: String
    let engine: Engine
    /// Which of the requested capabilities the model serves; nil for one of its own tasks.
    let capability: Capability?
    /// What its text is generated with.
    let adapter: AdapterLease?
    private let lease: Lease<ModelServing>

    fileprivate init(
        name: String, engine: Engine, capability: Capability?, adapter: AdapterLease? = nil,
        lease: Lease<ModelServing>
    ) {
        self.name = name
        self.adapter = adapter
        self.engine = engine
        self.capability = capability
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
    /// - Parameter name: nil for the default of this capability.
    /// - Throws: `APIError`, `DeploymentError`.
    func text(
        _ name: String?, for capability: Capability
    ) async throws -> ModelHold<TextServing> {
        try await hold(name, for: [capability], \.text)
    }

    /// Holds a model for the first of `capabilities` that it can serve; without a name, the default for
    /// the first of them that has one.
    ///
    /// - Throws: `APIError`, `DeploymentError`.
    func vectors(
        _ name: String?, for capabilities: [Capability]
    ) async throws -> ModelHold<VectorEngine> {
        try await hold(name, for: capabilities, \.vectors)
    }

    /// Holds a model that exposes its tokens: without a name, the one that completes text.
    ///
    /// - Throws: `APIError`, `DeploymentError`.
    func tokens(_ name: String?) async throws -> ModelHold<ModelServing> {
        let hold = try await hold(name, for: [.completion] + Capability.allCases) { $0 }
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
        return ModelHold(name: name, engine: own, capability: nil, lease: lease)
    }

    /// A model's sampling defaults; without a name, those of the model that `text` would take.
    func sampling(of name: String?, for capability: Capability) -> SamplingParameters {
        // A summary should be accurate, not varied.
        let usual = capability == .summarize ? SamplingParameters.greedy : SamplingParameters()
        return said(of: name, for: capability).applied(to: usual)
    }

    /// What the settings say of it.
    func said(of name: String?, for capability: Capability) -> SamplingChoices {
        let name = (name ?? (try? choose(for: [capability]))).map { choice($0).model }
        return settings.first { $0.name == name }?.sampling ?? SamplingChoices()
    }

    private func hold<Engine: Sendable>(
        _ name: String?, for capabilities: [Capability], _ engine: (ModelServing) -> Engine?
    ) async throws -> ModelHold<Engine> {
        let name = try name ?? choose(for: capabilities)
        let choice = choice(name)
        let lease = try await lease(choice.model)
        guard let capability = capabilities.first(where: lease.description.can),
            let engine = engine(lease.serving)
        else { throw cannot(name, capabilities[0]) }
        return ModelHold(
            name: name, engine: engine, capability: capability,
            adapter: try adapter(of: choice), lease: lease)
    }

    /// The names of the models that are known to serve `capability`.
    func able(_ capability: Capability) -> [String] {
        registry.models.map(\.name).filter { capabilities(of: $0).contains(capability) }
    }

    /// The default for `capability`, else the first model that is known to serve it.
    func preferred(for capability: Capability) -> String? {
        defaultName(for: capability) ?? able(capability).first
    }

    /// The name of a model with an adapter, where a request says both.
    ///
    /// - Throws: `APIError.invalid` if the name has another adapter already.
    func name(
        _ name: String?, with adapter: String?, for capability: Capability
    ) throws -> String? {
        guard let adapter else { return name }
        var choice = choice(try name ?? choose(for: [capability]))
        guard choice.adapter == nil || choice.adapter == adapter else {
            throw APIError.invalid(
                param: "adapter", "is '\(adapter)', and 'model' names '\(choice.name)'")
        }
        choice.adapter = adapter
        return choice.name
    }

    private func choose(for capabilities: [Capability]) throws -> String {
        for capability in capabilities {
            if let name = defaultName(for: capability) { return name }
            let able = able(capability)
            if able.count == 1 { return able[0] }
            if able.count > 1 {
                throw APIError.missing(param: "model", expected: able.joined(separator: " or "))
            }
        }
        let names = registry.models.map(\.name)
        if names.count == 1 { return names[0] }
        let wanted = "a model that can \(capabilities[0].verb)"
        throw APIError.missing(
            param: "model",
            expected: names.isEmpty ? wanted : wanted + "; no model that is loaded can")
    }

    /// The model that the settings name for `capability`.
    func defaultName(for capability: Capability) -> String? {
        settings.first { $0.defaultFor.contains(capability) }?.name
    }

    private func cannot(_ name: String, _ capability: Capability) -> APIError {
        let able = able(capability).filter { $0 != name }.map { "'\($0)'" }
        let others =
            able.isEmpty
            ? "no model that is loaded does" : "those that do: \(able.joined(separator: ", "))"
        return .refused("model '\(name)' does not \(capability.verb); \(others)")
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
