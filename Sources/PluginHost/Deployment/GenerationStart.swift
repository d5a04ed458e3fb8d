import FoundationEssentials

/// Brings up generations of one deployment: a library's copy, a model, a first step, what serves it.
struct GenerationStart: Sendable {
    let spec: ModelSpec
    let loader: ModelLoader
    let options: PluginHostOptions
    /// In order of the settings.
    let plugins: [PluginSpec]
    let makeServing: ServingFactory

    /// Copies of libraries, files and weights are read there, by a few models at a time.
    private static let loading = BlockingCrew("roost-load", limit: 16)

    /// - Throws: `DeploymentError`; nothing of the new generation is left.
    func bringUp(_ number: Int) async throws -> Generation {
        let model = spec.name
        do {
            let (plugin, supervisor, description, refusals) = try await Self.loading.run {
                try start(try choosePlugin())
            }
            do {
                let serving = try await makeServing(supervisor, spec)
                let warnings = refusals + serving.warnings
                for text in warnings {
                    options.log(LogLine(level: .warning, source: spec.name, text: text))
                }
                return Generation(
                    number: number, plugin: plugin, description: description,
                    supervisor: supervisor, serving: serving, warnings: warnings)
            } catch {
                await BlockingThread.run("roost-close") { supervisor.stop() }
                throw DeploymentError(error, model: model, during: .serve)
            }
        } catch {
            throw DeploymentError(error, model: model, during: .start)
        }
    }

    // MARK: - Choosing

    private func choosePlugin() throws -> StagedPlugin {
        if let name = spec.plugin {
            guard let plugin = plugins.first(where: { $0.name == name }) else {
                throw DeploymentError.unknownPlugin(name, known: plugins.map(\.name))
            }
            return try loader.stage(plugin)
        }
        return try bestPlugin()
    }

    /// The plugin with the highest score, of equal ones the first.
    private func bestPlugin() throws -> StagedPlugin {
        var best: (plugin: StagedPlugin, score: Int)?
        var answers: [(plugin: String, answer: UnservedModel.Answer)] = []
        var families: [String: [String]] = [:]
        for spec in plugins {
            do {
                let plugin = try loader.stage(spec)
                defer { families[spec.name] = loader.identity(of: plugin)?.families }
                let score = try loader.probe(plugin, OpenRequest(self.spec)).score
                if score > best?.score ?? 0 { best = (plugin, score) }
                answers.append((spec.name, .notMine))
            } catch ModelFailure.load(.probe, let reason) {
                answers.append((spec.name, .refused(reason)))
            } catch {
                answers.append((spec.name, .refused(String(describing: error))))
            }
        }
        guard let best else {
            let unserved = UnservedModel(
                files: ModelFiles(spec.source), answers: answers, families: families)
            throw DeploymentError.failed(
                model: spec.name, stage: .probe, reason: unserved.description)
        }
        return best.plugin
    }

    // MARK: - Starting

    /// - Returns: with the rest, what the model cannot do although it says so.
    private func start(
        _ plugin: StagedPlugin
    ) throws -> (StagedPlugin, ModelSupervisor, ModelDescription, refusals: [String]) {
        let supervisor = ModelSupervisor(name: spec.name, policy: options.restart, events: report) {
            try loader.launch(plugin, name: spec.name, OpenRequest(spec))
        }
        do {
            let model = try supervisor.current()
            let refusals = try warm(model)
            try selfTest(model)
            return (plugin, supervisor, model.description, refusals)
        } catch {
            supervisor.stop()
            throw error
        }
    }

    /// One step of each ability, so that the first request finds the weights in memory, and a plugin
    /// that cannot take a step never serves.
    private func warm(_ model: any LoadedModel) throws -> [String] {
        do {
            let refusals = try DecodingCheck(model, limit: options.warmLimit)?.run() ?? []
            if let vectors = model.description.vectors { try warm(vectors, of: model) }
            if let images = model.description.image { try warm(images, of: model) }
            return refusals
        } catch {
            throw DeploymentError.failed(
                model: spec.name, stage: .warm, reason: String(describing: error))
        }
    }

    private func warm(_ vectors: VectorCapabilities, of model: any LoadedModel) throws {
        let limit = options.warmLimit
        let answers: [(step: String, finite: Bool)] = [
            try !vectors.embeds
                ? nil
                : ("embed", model.embed(.texts(["a"]), options: [], deadline: limit).areFinite),
            try !vectors.classifies
                ? nil : ("classify", model.classify(["a"], deadline: limit).areFinite),
            try !vectors.scoresPairs
                ? nil
                : (
                    "score_pairs",
                    model.scores(query: "a", documents: ["a"], deadline: limit)
                        .allSatisfy(\.isFinite)
                ),
        ].compactMap { $0 }
        if let wrong = answers.first(where: { !$0.finite }) {
            throw ModelFailure.broken(step: wrong.step, reason: "answers that are not numbers")
        }
    }

    /// A step of a small picture.
    private func warm(_ images: ImageCapabilities, of model: any LoadedModel) throws {
        var request = ImageRequest(prompt: "a")
        (request.width, request.height) = images.smallSize
        let id = try model.beginImage(request, deadline: options.warmLimit)
        _ = try model.stepImage(id, deadline: options.warmLimit)
        try model.endImage(id)
    }

    private func selfTest(_ model: any LoadedModel) throws {
        do {
            guard let report = try model.selfTest(limit: options.selfTestLimit) else { return }
            let verdict = try JSONDecoder().decode(Verdict.self, from: Data(report.json))
            guard verdict.passed else {
                let failed = (verdict.checks ?? []).filter { $0.passed == false }
                    .map { "\($0.name ?? "a check") (\($0.detail ?? "no detail"))" }
                throw ModelFailure.broken(
                    step: "self-test", reason: "failed \(failed.joined(separator: ", "))")
            }
        } catch {
            throw DeploymentError.failed(
                model: spec.name, stage: .selfTest, reason: String(describing: error))
        }
    }

    private struct Verdict: Decodable {
        struct Check: Decodable {
            var name: String?
            var passed: Bool?
            var detail: String?
        }

        var passed: Bool
        var checks: [Check]?
    }

    private func report(_ event: SupervisorEvent) {
        options.log(LogLine(level: event.level, source: spec.name, text: event.description))
    }
}

extension SupervisorEvent: CustomStringConvertible {
    package var description: String {
        switch self {
        case .started(let processID):
            processID.map { "runs in process \($0)" } ?? "runs in the host"
        case .failed(let failure): String(describing: failure)
        case .restarting(let delay): "starts again in \(delay.rounded)"
        case .quarantined(let retryAfter, let reason):
            "keeps failing and rests for \(retryAfter.rounded); it last failed because \(reason)"
        }
    }

    fileprivate var level: LogLine.Level {
        switch self {
        case .started: .info
        case .restarting: .warning
        case .failed, .quarantined: .error
        }
    }
}
