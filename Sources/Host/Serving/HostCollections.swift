import Logging
import PluginHost
import SearchCollections

/// The host's collections, kept in step with the models and the settings.
struct HostCollections: Sendable {
    let store: CollectionStore
    private let models: Models
    private let configured: ConfiguredCollections
    private let log: @Sendable (String) -> Void

    init(_ settings: Settings, models: Models, logger: Logger) {
        let log: @Sendable (String) -> Void = { logger.warning("\($0)") }
        let store = CollectionStore(
            folder: settings.server.data + "/collections", options: settings.search.options
        ) { name in
            HostEmbedder(models: models, name: name)
        } log: {
            log($0)
        }
        self.store = store
        self.models = models
        configured = ConfiguredCollections(
            collections: settings.collections, store: store, log: log)
        self.log = log
    }

    /// Opens the stored collections and loads those of the settings; then notifies them whenever a
    /// model was loaded or replaced. Returns when cancelled.
    func run() async {
        do {
            try await store.open()
        } catch {
            return log("\(error)")
        }
        await configured.load()
        var seen: ServingRevisions.Snapshot = [:]
        for await serving in models.registry.revisions.snapshots {
            let changed = serving.filter { seen[$0.key] != $0.value }.keys
            if !changed.isEmpty { await store.modelsChanged(Set(changed)) }
            seen = serving
        }
    }
}

extension Settings.Search {
    fileprivate var options: CollectionOptions {
        var options = CollectionOptions()
        options.threads = threads
        options.graphAbove = graphAbove
        options.largestImport = largestImport
        return options
    }
}
