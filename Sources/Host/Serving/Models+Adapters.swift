import Engine
import PluginHost
import Synchronization

/// The adapters of each model, from its first start until it is removed.
final class AdaptersOfModels: Sendable {
    private let models = Mutex<[String: ModelAdapters]>([:])

    /// - Parameter adapters: what the settings name, for a model that has not been up.
    func of(_ model: String, named adapters: [Settings.Adapter]) -> ModelAdapters {
        models.withLock { models in
            if let known = models[model] { return known }
            let new = ModelAdapters(
                adapters.map { ($0.name, AdapterSource(path: $0.source)) })
            models[model] = new
            return new
        }
    }

    subscript(_ model: String) -> ModelAdapters? { models.withLock { $0[model] } }

    func remove(_ model: String) {
        models.withLock { _ = $0.removeValue(forKey: model) }
    }
}

/// What a request names: a model, and perhaps an adapter of it.
struct ModelChoice: Equatable {
    let model: String
    var adapter: String?

    /// As clients write it: `chat:adapter`.
    var name: String { adapter.map { "\(model):\($0)" } ?? model }
}

extension Models {
    /// A model's name may have colons too: one that there is counts first.
    func choice(_ name: String) -> ModelChoice {
        guard registry.deployment(name) == nil, let colon = name.lastIndex(of: ":"),
            registry.deployment(String(name[..<colon])) != nil
        else { return ModelChoice(model: name) }
        return ModelChoice(
            model: String(name[..<colon]), adapter: String(name[name.index(after: colon)...]))
    }

    /// - Parameter model: is up.
    /// - Throws: `APIError.unknownModel` for an adapter that it does not have, `.unavailable` for one that it
    ///   lost.
    func adapter(of choice: ModelChoice) throws -> AdapterLease? {
        guard let name = choice.adapter else { return nil }
        let all = adapters[choice.model]
        do {
            guard let all else { throw AdapterError.unknown(name) }
            return try all.lease(name)
        } catch AdapterError.unknown {
            let known = (all?.all ?? []).map {
                ModelChoice(model: choice.model, adapter: $0.name).name
            }
            throw APIError.unknownModel(choice.name, known: [choice.model] + known)
        }
    }

    /// The adapters of a model, in the order in which they were named: of one that has not been up, those of
    /// the settings.
    func adapters(of model: String) -> [ModelAdapters.Status] {
        let named = settings.first { $0.name == model }?.adapters ?? []
        return adapters.of(model, named: named).all
    }

    /// Loads an adapter into a model that is up, which serves on.
    ///
    /// - Throws: `APIError.unknownModel`, `AdapterError`.
    func addAdapter(_ adapter: Settings.Adapter, to model: String) async throws {
        _ = try status(of: model)
        guard let all = adapters[model] else { throw AdapterError.noModel("it is not loaded") }
        try await BlockingThread.run("roost-adapters") {
            try all.add(adapter.name, AdapterSource(path: adapter.source))
        }
    }

    /// Unloads an adapter when the requests that use it have ended, for which they have a limited time.
    ///
    /// - Throws: `APIError.unknownModel`, `AdapterError`.
    func removeAdapter(_ name: String, of model: String, within limit: Duration) async throws {
        _ = try status(of: model)
        guard let all = adapters[model] else { throw AdapterError.unknown(name) }
        try await all.remove(name, within: limit)
    }
}
