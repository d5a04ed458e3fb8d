import Engine
package import PluginHost
import Synchronization

/// The host's models by name, for whoever wants to use one.
package final class Models: Sendable {
    package let registry: DeploymentRegistry
    private let settings: Settings
    private let lastUses = Mutex<[String: ContinuousClock.Instant]>([:])

    package init(_ settings: Settings, options: PluginHostOptions) {
        self.settings = settings
        registry = DeploymentRegistry(
            plugins: settings.plugins.map(\.spec), models: settings.models.map(\.spec),
            options: options, makeServing: Self.factory(settings))
    }

    /// Loads the models that are to be loaded at the start, side by side.
    package func start() async {
        await withTaskGroup { group in
            for model in settings.models where model.load == .start {
                group.addTask { try? await self.registry.load(model.name) }
            }
        }
    }

    /// The names of models to be loaded at the start that do not serve yet.
    package var notReady: [String] {
        let atStart = Set(settings.models.lazy.filter { $0.load == .start }.map(\.name))
        return registry.models.filter { atStart.contains($0.name) && $0.isNotUp }.map(\.name)
    }

    /// Takes hold of a model; loads it if it is loaded on first use.
    ///
    /// - Parameter name: nil for the default of this purpose.
    /// - Throws: `APIError`, `DeploymentError`.
    func hold(_ name: String?, for purpose: Settings.Purpose) async throws -> ModelHold {
        let name = try name ?? defaultName(for: purpose)
        guard let deployment = registry.deployment(name) else {
            throw APIError.unknownModel(name, known: registry.models.map(\.name))
        }
        lastUses.withLock { $0[name] = .now }
        let lease = try await deployment.acquireLoading()
        guard let serving = lease.serving as? TextServing else {
            throw APIError.refused("model '\(name)' does not generate text")
        }
        return ModelHold(name: name, serving: serving, lease: lease)
    }

    /// The engine of a model that is up, for its counters.
    func engine(_ name: String) -> TextServing? {
        guard let lease = try? registry.deployment(name)?.acquire() else { return nil }
        defer { lease.release() }
        return lease.serving as? TextServing
    }

    private func defaultName(for purpose: Settings.Purpose) throws -> String {
        if let model = settings.models.first(where: { $0.defaultFor.contains(purpose) }) {
            return model.name
        }
        let names = registry.models.map(\.name)
        guard names.count == 1 else {
            throw APIError.missing(
                param: "model",
                expected: names.isEmpty ? "a model" : names.joined(separator: " or "))
        }
        return names[0]
    }

    private static func factory(_ settings: Settings) -> ServingFactory {
        { supervisor, spec in
            let model = settings.models.first { $0.name == spec.name }
            var options = EngineOptions()
            options.parallel = spec.parallel
            options.queueLimit = model?.queue ?? options.queueLimit
            options.stepDeadline = model?.stepTimeout ?? options.stepDeadline
            return TextServing(try TextEngine(supervisor: supervisor, options: options))
        }
    }
}

/// A model in use: the generation that the request began with serves it to its end.
struct ModelHold: Sendable {
    let name: String
    let serving: TextServing
    let lease: Lease
}

// MARK: - Unloading what nobody uses

extension Models {
    /// Unloads the models that have been idle for their `idle_unload`; returns when cancelled.
    package func unloadIdle() async {
        let limits = settings.models.compactMap { model in
            model.idleUnload.map { (name: model.name, limit: $0) }
        }
        guard let shortest = limits.map(\.limit).min() else { return }
        let interval = min(max(shortest / 4, .milliseconds(100)), .seconds(30))
        while (try? await Task.sleep(for: interval)) != nil {
            for (name, limit) in limits where isIdle(name, for: limit) {
                try? await registry.unload(name)
            }
        }
    }

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
    var spec: PluginSpec { PluginSpec(name: name, library: library, isolation: isolation) }
}

extension Settings.Model {
    /// A model that is unloaded when idle comes back on its next use, whenever it was first loaded.
    var spec: ModelSpec {
        ModelSpec(
            name: name, plugin: plugin, source: source ?? "",
            load: idleUnload == nil ? load : .firstUse, context: context ?? 0, parallel: parallel,
            configJSON: settings)
    }
}
