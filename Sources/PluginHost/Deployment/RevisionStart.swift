import JSON
import Synchronization

/// Copies of libraries, files and weights are read there, by a few models at a time.
private let startThreads = BlockingPool("roost-load", limit: 16)

/// A plugin has a limited time to answer, which many at once would take from each other.
private let probesAtATime = 4

/// Starts revisions of one deployment: a library's copy, a model, a first step, what serves it.
struct RevisionStart<Serving: RevisionServing>: Sendable {
    let spec: ModelSpec
    let loader: ModelLoader
    let options: PluginHostOptions
    /// In order of the settings.
    let plugins: [PluginSpec]
    let makeServing: ServingFactory<Serving>

    /// - Parameter control: what ends it for something newer.
    /// - Throws: `DeploymentError`; nothing of the new revision is left.
    func bringUp(_ number: Int, _ control: StartControl) async throws -> Revision<Serving> {
        let model = spec.name
        do {
            let started = try await start(control)
            do {
                let serving = try await makeServing(started.supervisor, spec)
                let warnings = started.warnings + serving.warnings
                for text in warnings {
                    options.log(LogLine(level: .warning, source: spec.name, text: text))
                }
                return Revision(
                    number: number, plugin: started.plugin, description: started.description,
                    supervisor: started.supervisor, serving: serving, warnings: warnings,
                    start: control)
            } catch {
                await BlockingThread.run("roost-close") { started.supervisor.stop() }
                throw DeploymentError(error, model: model, during: .serve)
            }
        } catch {
            if let newer = control.newer {
                throw DeploymentError.superseded(model: model, by: newer)
            }
            throw DeploymentError(error, model: model, during: .start)
        }
    }

    private struct Started: Sendable {
        let plugin: StagedPlugin
        let warnings: [String]
        let supervisor: ModelSupervisor
        let description: ModelDescription
    }

    private func start(_ control: StartControl) async throws -> Started {
        try await control.run(on: startThreads) {
            try control.starting { try start(try choosePlugin(control), control) }
        } discarding: { started in
            started.supervisor.stop()
        }
    }

    // MARK: - Choosing

    private struct Choice {
        let plugin: StagedPlugin
        var warnings: [String] = []
    }

    private func choosePlugin(_ control: StartControl) throws -> Choice {
        if let name = spec.plugin {
            guard let plugin = plugins.first(where: { $0.name == name }) else {
                throw DeploymentError.unknownPlugin(name, known: plugins.map(\.name))
            }
            return Choice(plugin: try loader.stage(plugin))
        }
        return try bestPlugin(control)
    }

    /// The plugin with the highest score, of equal ones the first. They are asked in parallel; one
    /// that hangs or crashes is left out, and named.
    private func bestPlugin(_ control: StartControl) throws -> Choice {
        var best: (plugin: StagedPlugin, score: Int)?
        var answers: [(plugin: String, answer: UnservedModel.Answer)] = []
        var families: [String: [String]] = [:]
        var warnings: [String] = []
        let opinions = opinions(control)
        if let newer = control.newer { throw Superseded(by: newer) }
        for (plugin, opinion) in zip(plugins, opinions) {
            families[plugin.name] = opinion.families
            do {
                let (staged, score) = try opinion.answer.get()
                if score > best?.score ?? 0 { best = (staged, score) }
                answers.append((plugin.name, .notMine))
            } catch ModelFailure.load(.probe, let reason) {
                answers.append((plugin.name, .refused(reason)))
            } catch {
                answers.append((plugin.name, .refused(String(describing: error))))
                guard case ModelFailure.hung(let step, _, _) = error else { continue }
                warnings.append(
                    "plugin '\(plugin.name)' was left out when one was chosen: it hung in \(step)")
            }
        }
        guard let best else {
            let unserved = UnservedModel(
                files: ModelFiles(spec.source), answers: answers, families: families)
            throw DeploymentError.failed(
                model: spec.name, stage: .probe, reason: unserved.description)
        }
        return Choice(plugin: best.plugin, warnings: warnings)
    }

    /// What a plugin thinks of the model.
    private struct Opinion: Sendable {
        let answer: Result<(StagedPlugin, Int), any Error>
        /// What it serves; nil for one that could not be asked.
        let families: [String]?
    }

    /// What each plugin thinks of the model, in order.
    private func opinions(_ control: StartControl) -> [Opinion] {
        let request = OpenRequest(spec)
        return BlockingThread.map("roost-probe", plugins, limit: probesAtATime) { plugin in
            let staged = Result { try loader.stage(plugin) }
            let answer = staged.flatMap { staged in
                Result { (staged, try loader.probe(staged, request, start: control).score) }
            }
            let identity = (try? staged.get()).flatMap(loader.identity)
            return Opinion(answer: answer, families: identity?.families)
        }
    }

    // MARK: - Starting

    private func start(_ choice: Choice, _ control: StartControl) throws -> Started {
        let limits = options.limits.of(spec)
        let plugin = choice.plugin
        let refusals = Mutex<[String]>([])
        let supervisor = ModelSupervisor(
            name: spec.name, policy: options.restart, events: report, abort: { control.close() }
        ) {
            try control.starting { () -> any LoadedModel in
                let model = try loader.launch(
                    plugin, name: spec.name, OpenRequest(spec), limits: limits, start: control)
                let refused = try warm(model, limits.load)
                refusals.withLock { $0 = refused }
                return model
            }
        }
        // The supervisor retains the control, which must not retain it in turn: a failed start is
        // released, with its library's copy.
        control.onSuperseded { [weak supervisor] _ in
            guard let supervisor else { return }
            BlockingThread.start("roost-close") { supervisor.stop() }
        }
        do {
            let model = try supervisor.current()
            try selfTest(model)
            return Started(
                plugin: plugin,
                warnings: choice.warnings + model.description.notes + refusals.withLock { $0 },
                supervisor: supervisor, description: model.description)
        } catch {
            supervisor.stop()
            throw error
        }
    }

    // MARK: - The first step

    /// One step of each kind, so that the first request finds the weights in memory, and a plugin
    /// that cannot take a step never serves; also after a restart.
    ///
    /// - Parameter limit: for all of it: it may page in the weights.
    /// - Returns: what the model cannot do although it says so.
    private func warm(_ model: any LoadedModel, _ limit: Duration) throws -> [String] {
        let end = MonotonicTime.now + limit
        do {
            let refusals = try DecodingCheck(model, limit: end.left)?.run() ?? []
            if let vectors = model.description.vectors { try warm(vectors, of: model, by: end) }
            if let images = model.description.image { try warm(images, of: model, by: end) }
            return refusals
        } catch {
            model.close()
            throw DeploymentError.failed(
                model: spec.name, stage: .warm, reason: String(describing: error))
        }
    }

    private func warm(
        _ vectors: VectorCapabilities, of model: any LoadedModel, by end: MonotonicTime
    ) throws {
        let answers: [(step: String, finite: Bool)] = [
            try !vectors.embeds
                ? nil
                : ("embed", model.embed(.texts(["a"]), flags: [], deadline: end.left).areFinite),
            try !vectors.classifies
                ? nil : ("classify", model.classify(["a"], deadline: end.left).areFinite),
            try !vectors.scoresPairs
                ? nil
                : (
                    "score_pairs",
                    model.scores(query: "a", documents: ["a"], deadline: end.left)
                        .allSatisfy(\.isFinite)
                ),
        ].compactMap { $0 }
        if let wrong = answers.first(where: { !$0.finite }) {
            throw ModelFailure.broken(step: wrong.step, reason: "answers that are not numbers")
        }
    }

    /// A step of a small image.
    private func warm(
        _ images: ImageCapabilities, of model: any LoadedModel, by end: MonotonicTime
    ) throws {
        var request = ImageRequest(prompt: "a")
        (request.width, request.height) = images.smallSize
        let id = try model.beginImage(request, deadline: end.left)
        _ = try model.stepImage(id, deadline: end.left)
        try model.endJob(id)
    }

    private func selfTest(_ model: any LoadedModel) throws {
        do {
            guard let report = try model.selfTest(limit: options.selfTestLimit) else { return }
            let verdict = try JSONValue(parsing: report.json)
            guard let passed = verdict["passed"]?.bool else {
                throw ModelFailure.broken(
                    step: "self-test", reason: "reports no \"passed\", expected true or false")
            }
            if passed { return }
            let failed = (verdict["checks"]?.array ?? []).filter { $0["passed"]?.bool == false }
                .map {
                    let detail = $0["detail"]?.string ?? "no detail"
                    return "\($0["name"]?.string ?? "a check") (\(detail))"
                }
            throw ModelFailure.broken(
                step: "self-test", reason: "failed \(failed.joined(separator: ", "))")
        } catch {
            throw DeploymentError.failed(
                model: spec.name, stage: .selfTest, reason: String(describing: error))
        }
    }

    private func report(_ event: SupervisorEvent) {
        options.log(LogLine(level: event.level, source: spec.name, text: event.description))
    }
}

extension MonotonicTime {
    /// How long it is until then.
    fileprivate var left: Duration { max(.zero, self - .now) }
}

extension WorkerLimits {
    /// The limits of a model, which may have some of its own.
    fileprivate func of(_ spec: ModelSpec) -> WorkerLimits {
        var limits = self
        limits.load = spec.loadTimeout ?? load
        limits.tokenize = spec.stepTimeout ?? tokenize
        limits.sequence = spec.stepTimeout ?? sequence
        return limits
    }
}
