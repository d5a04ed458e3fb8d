import Synchronization

/// What holds for all plugins and models of a host.
package struct PluginHostOptions: Sendable {
    /// Folders that are searched for libraries, after the executable's own.
    package var pluginPath: [String]
    /// The folder of the private copies of libraries.
    package var store: String
    package var worker = WorkerLaunch()
    package var limits = WorkerLimits()
    package var restart = RestartPolicy()
    package var selfTestLimit: Duration = .seconds(10)
    /// How long a replaced revision may continue its work.
    package var drainTimeout: Duration = .seconds(60)
    /// How long a model that could not be loaded is not tried again on first use.
    package var loadCooldown: Duration = .seconds(5)
    package var log: LogHandler

    package init(
        pluginPath: [String] = [], store: String, log: @escaping LogHandler = { _ in }
    ) {
        self.pluginPath = pluginPath
        self.store = store
        self.log = log
    }
}

/// All models of a host by name, and the plugins that serve them.
package final class DeploymentRegistry<Serving: RevisionServing>: Sendable {
    private struct State {
        var plugins: [PluginSpec]
        var deployments: [Deployment<Serving>] = []
        var stopping = false
    }

    private let options: PluginHostOptions
    private let loader: ModelLoader
    /// Which revision of each model serves.
    package let revisions = ServingRevisions()
    private let makeServing: ServingFactory<Serving>
    private let state: Mutex<State>

    /// Nothing is loaded before `start`.
    package init(
        plugins: [PluginSpec], models: [ModelSpec], options: PluginHostOptions,
        makeServing: @escaping ServingFactory<Serving>
    ) {
        self.options = options
        loader = ModelLoader(options)
        self.makeServing = makeServing
        state = Mutex(State(plugins: plugins))
        let deployments = models.map(makeDeployment)
        state.withLock { $0.deployments = deployments }
    }

    /// Loads in parallel what is to be loaded at the start; a failure is recorded in the model's
    /// status.
    package func start() async {
        await withTaskGroup { group in
            for deployment in deployments where deployment.spec.load == .start {
                group.addTask { try? await deployment.load() }
            }
        }
    }

    /// Ends the starts in progress, telling those who wait for them that the host is stopping.
    /// Nothing more is started.
    package func endStarts() {
        state.withLock { $0.stopping = true }
        for deployment in deployments { deployment.endStart() }
    }

    /// Ends the serving of all models, of replaced revisions too, letting work in progress end for at
    /// most `limit`.
    package func stop(within limit: Duration) async {
        state.withLock { $0.stopping = true }
        await withTaskGroup { group in
            for deployment in deployments {
                group.addTask { await deployment.stop(within: limit) }
            }
        }
    }

    /// Removes the private copies of libraries that no host uses, from earlier starts and versions.
    package func removeUnusedCopies() async {
        let removed = await BlockingThread.run("roost-prune") { [options] in
            StoreFolder.prune(options.store)
        }
        guard removed > 0 else { return }
        let text = "removed \(removed) copies of plugins that were no longer used"
        options.log(LogLine(level: .info, source: "plugins", text: text))
    }

    /// The model of a name, nil for an unknown one.
    package func deployment(_ name: String) -> Deployment<Serving>? {
        deployments.first { $0.name == name }
    }

    /// In order of the settings.
    package var models: [DeploymentStatus] { deployments.map(\.status) }

    private var deployments: [Deployment<Serving>] { state.withLock { $0.deployments } }

    private func makeDeployment(_ spec: ModelSpec) -> Deployment<Serving> {
        Deployment(spec: spec, options: options, revisions: revisions) {
            [weak self, loader, options, makeServing] in
            RevisionStart(
                spec: spec, loader: loader, options: options,
                plugins: self?.state.withLock { $0.plugins } ?? [], makeServing: makeServing)
        }
    }
}

// MARK: - Models

extension DeploymentRegistry {
    package func load(_ name: String) async throws {
        try await known(name).load()
    }

    package func unload(_ name: String) async throws {
        try await known(name).unload()
    }

    /// - Returns: the new revision's number.
    package func reload(_ name: String, expecting: Int? = nil) async throws -> Int {
        try await known(name).reload(expecting: expecting)
    }

    /// Adds a model and loads it, unless it is to be loaded on first use. A model that cannot be
    /// loaded is not added.
    package func add(_ spec: ModelSpec) async throws {
        let deployment = makeDeployment(spec)
        try state.withLock { state in
            if state.stopping { throw DeploymentError.stopping }
            guard !state.deployments.contains(where: { $0.name == spec.name }) else {
                throw DeploymentError.modelExists(spec.name)
            }
            state.deployments.append(deployment)
        }
        guard spec.load == .start else { return }
        do {
            try await deployment.load()
        } catch {
            forget(deployment)
            throw error
        }
    }

    /// Unloads a model and forgets its name.
    package func remove(_ name: String) async throws {
        let deployment = try known(name)
        forget(deployment)
        try await deployment.unload(for: .removal)
    }

    private func forget(_ deployment: Deployment<Serving>) {
        state.withLock { state in state.deployments.removeAll { $0 === deployment } }
    }

    private func known(_ name: String) throws -> Deployment<Serving> {
        let (deployments, stopping) = state.withLock { ($0.deployments, $0.stopping) }
        if stopping { throw DeploymentError.stopping }
        guard let deployment = deployments.first(where: { $0.name == name }) else {
            throw DeploymentError.unknownModel(name, known: deployments.map(\.name))
        }
        return deployment
    }
}

// MARK: - Plugins

/// A plugin and the models that it serves, for admin routes.
package struct PluginStatus: Sendable, Equatable {
    package var name: String
    package var library: String
    package var isolation: Isolation
    /// Where the library lies; nil when it is not found.
    package var path: String?
    /// What the plugin calls itself; nil while no model of it is loaded.
    package var id: String?
    package var version: String?
    /// The content hashes of the copies that serve, one if all models have the same.
    package var hashes: [String]
    /// The models that it serves now.
    package var models: [String]
}

extension DeploymentRegistry {
    /// In order of the settings.
    package var plugins: [PluginStatus] {
        let models = models
        return state.withLock { $0.plugins }.map { spec in
            let served = models.filter { $0.revision != nil && $0.plugin == spec.name }
            return PluginStatus(
                name: spec.name, library: spec.library, isolation: spec.isolation,
                path: try? PluginLocator(pluginPath: options.pluginPath).find(spec.library),
                id: served.first?.description?.pluginID,
                version: served.first?.description?.pluginVersion,
                hashes: Set(served.compactMap(\.hash)).sorted(), models: served.map(\.name))
        }
    }

    package func addPlugin(_ spec: PluginSpec) throws {
        try state.withLock { state in
            guard !state.plugins.contains(where: { $0.name == spec.name }) else {
                throw DeploymentError.pluginExists(spec.name)
            }
            state.plugins.append(spec)
        }
    }

    /// - Throws: `DeploymentError.unknownPlugin`.
    package func check(plugin name: String) throws {
        let known = state.withLock { $0.plugins.map(\.name) }
        guard known.contains(name) else {
            throw DeploymentError.unknownPlugin(name, known: known)
        }
    }

    /// Where a library lies.
    ///
    /// - Throws: `ModelFailure.load` with the places searched.
    package func locate(library: String) throws -> String {
        try PluginLocator(pluginPath: options.pluginPath).find(library)
    }

    /// Forgets a plugin that no model needs.
    ///
    /// - Throws: `DeploymentError.unknownPlugin`, `.pluginInUse`.
    package func removePlugin(_ name: String) throws {
        let served = try served(by: name)
        try state.withLock { state in
            let named = state.deployments.filter { $0.spec.plugin == name }.map(\.name)
            let needed = served + named.filter { !served.contains($0) }
            guard needed.isEmpty else { throw DeploymentError.pluginInUse(name, models: needed) }
            state.plugins.removeAll { $0.name == name }
        }
    }

    /// Reloads all models that the plugin serves, with its library as it is now.
    ///
    /// - Returns: the new revision of each.
    /// - Throws: what the first failed with, after all were tried.
    package func reloadPlugin(_ name: String) async throws -> [String: Int] {
        try await withThrowingTaskGroup(of: (String, Int).self) { group in
            for model in try served(by: name) {
                group.addTask { (model, try await self.reload(model)) }
            }
            var revisions: [String: Int] = [:]
            var failure: (any Error)?
            while let result = await group.nextResult() {
                switch result {
                case .success(let (model, revision)): revisions[model] = revision
                case .failure(let error): failure = failure ?? error
                }
            }
            if let failure { throw failure }
            return revisions
        }
    }

    /// Unloads all models that the plugin serves.
    package func unloadPlugin(_ name: String) async throws {
        for model in try served(by: name) { try await unload(model) }
    }

    private func served(by name: String) throws -> [String] {
        let plugins = plugins
        guard let plugin = plugins.first(where: { $0.name == name }) else {
            throw DeploymentError.unknownPlugin(name, known: plugins.map(\.name))
        }
        return plugin.models
    }
}
