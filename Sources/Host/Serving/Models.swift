import Engine
package import PluginHost
import Services
import Synchronization

/// The host's models by name.
package final class Models: Sendable {
    package let registry: DeploymentRegistry<ModelServing>
    let startup: Startup
    /// The folder whose models are served too.
    let folder: String?
    private let configured: ConfiguredModels
    private let lastUses = Mutex<[String: ContinuousClock.Instant]>([:])
    /// What each model could do when it was last up.
    private let known: KnownModels
    /// Of all models that have been up.
    let adapters = AdaptersOfModels()

    package init(_ settings: Settings, options: PluginHostOptions) {
        let known = KnownModels()
        let configured = ConfiguredModels(settings.models)
        self.configured = configured
        folder = settings.server.modelFolder
        self.known = known
        startup = Startup(loading: settings.models.filter { $0.load == .start }.map(\.name))
        registry = DeploymentRegistry(
            plugins: settings.plugins.map(\.spec), models: settings.models.map(\.spec),
            options: options
        ) { [adapters] supervisor, spec in
            let model = configured[spec.name]
            // It waits for the model, which may already be restarting.
            return try await BlockingThread.run("roost-serve") {
                try adapters.of(spec.name, named: model?.adapters ?? []).follow(supervisor)
                let serving = try ModelServing(supervisor, spec, model)
                let capabilities = try supervisor.current().description.capabilities
                known.set(
                    KnownModels.Model(capabilities: capabilities, tasks: serving.tasks.served),
                    of: spec.name)
                return serving
            }
        }
    }

    /// Loads in parallel the models that are to be loaded at the start.
    package func start() async {
        await withTaskGroup { group in
            for model in configured.all where model.load == .start {
                group.addTask {
                    try? await self.registry.load(model.name)
                    self.startup.ended(model.name)
                }
            }
        }
    }

    /// The names of models to be loaded at the start that do not serve yet.
    package var notReady: [String] {
        let atStart = Set(configured.all.lazy.filter { $0.load == .start }.map(\.name))
        return registry.models.filter { atStart.contains($0.name) && $0.isNotUp }.map(\.name)
    }

    /// The engines of a model that is up, for its counters.
    func serving(_ name: String) -> ModelServing? {
        guard let lease = try? registry.deployment(name)?.acquire() else { return nil }
        defer { lease.release() }
        return lease.serving
    }

    /// What a model can do: as it reports, else as it reported when it was last up, else by the
    /// settings.
    func capabilities(of name: String) -> [Capability] {
        known.of(name)?.capabilities ?? configured[name]?.defaultFor ?? []
    }

    /// A model's own tasks, as it reported when it was last up.
    func tasks(of name: String) -> [ModelTask] {
        known.of(name)?.tasks ?? []
    }

    /// Leases the current revision, loading a model that is loaded on first use.
    func lease(_ name: String) async throws -> Lease<ModelServing> {
        guard let deployment = registry.deployment(name) else {
            throw APIError.unknownModel(name, known: registry.models.map(\.name))
        }
        lastUses.withLock { $0[name] = .now }
        return try await deployment.acquireLoading()
    }
}

extension Models {
    /// The models that the settings name or an admin has added.
    var settings: [Settings.Model] { configured.all }

    /// Adds a model and loads it, unless it is to be loaded on first use.
    ///
    /// - Throws: `DeploymentError`; the model is then not added.
    func add(_ model: Settings.Model) async throws {
        if let plugin = model.plugin { try registry.check(plugin: plugin) }
        let isNew = configured.add(model)
        guard isNew else { throw DeploymentError.modelExists(model.name) }
        do {
            try await registry.add(model.spec)
        } catch {
            configured.remove(model.name)
            throw error
        }
    }

    /// Unloads a model and forgets its name.
    func remove(_ name: String) async throws {
        try await registry.remove(name)
        configured.remove(name)
        adapters.remove(name)
    }
}

/// What the settings, or an admin, said of the models.
private final class ConfiguredModels: Sendable {
    private let models: Mutex<[Settings.Model]>

    init(_ models: [Settings.Model]) {
        self.models = Mutex(models)
    }

    var all: [Settings.Model] { models.withLock { $0 } }

    subscript(_ name: String) -> Settings.Model? {
        models.withLock { $0.first { $0.name == name } }
    }

    /// - Returns: false for a name that is taken.
    func add(_ model: Settings.Model) -> Bool {
        models.withLock { models in
            if models.contains(where: { $0.name == model.name }) { return false }
            models.append(model)
            return true
        }
    }

    func remove(_ name: String) {
        models.withLock { $0.removeAll { $0.name == name } }
    }
}

/// What models can do, by their names.
private final class KnownModels: Sendable {
    struct Model: Sendable {
        let capabilities: [Capability]
        let tasks: [ModelTask]
    }

    private let models = Mutex<[String: Model]>([:])

    func of(_ name: String) -> Model? {
        models.withLock { $0[name] }
    }

    func set(_ model: Model, of name: String) {
        models.withLock { $0[name] = model }
    }
}

// MARK: - Unloading what nobody uses

extension Models {
    /// Unloads the models that have been idle for their `idle_unload`; returns when cancelled.
    package func unloadIdle() async {
        while true {
            let limits = settings.compactMap { model in
                model.idleUnload.map { (name: model.name, limit: $0) }
            }
            let shortest = limits.map(\.limit).min() ?? Self.longestPause * 4
            let pause = min(max(shortest / 4, .milliseconds(100)), Self.longestPause)
            guard (try? await Task.sleep(for: pause)) != nil else { return }
            for (name, limit) in limits where isIdle(name, for: limit) {
                try? await registry.unload(name)
            }
        }
    }

    private static let longestPause = Duration.seconds(5)

    private func isIdle(_ name: String, for limit: Duration) -> Bool {
        guard let status = registry.deployment(name)?.status, status.state == .ready,
            status.inFlight == 0
        else {
            lastUses.withLock { $0[name] = .now }
            return false
        }
        return lastUses.withLock { uses in
            let since = uses[name] ?? .now
            uses[name] = since
            return .now - since > limit
        }
    }
}

extension DeploymentStatus {
    fileprivate var isNotUp: Bool { state != .ready && state != .reloading }
}

extension Settings.Plugin {
    var spec: PluginSpec {
        PluginSpec(
            name: name, library: library, isolation: isolation,
            environment: WorkerEnvironment(Set(environment)))
    }
}

extension Settings.Model {
    /// A model that was unloaded when idle is loaded again on its next use, however it was first
    /// loaded.
    var spec: ModelSpec {
        ModelSpec(
            name: name, plugin: plugin, source: source ?? "",
            load: idleUnload == nil ? load : .firstUse, context: context ?? 0, parallel: parallel,
            memoryBudget: memoryBudget ?? 0, configJSON: settings, loadTimeout: loadTimeout,
            stepTimeout: stepTimeout)
    }
}
