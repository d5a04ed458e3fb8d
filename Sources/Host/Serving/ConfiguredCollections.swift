import PluginHost
import SearchCollections

/// The collections that `[[collections]]` names: put at the start, and again when their file changed.
struct ConfiguredCollections: Sendable {
    let collections: [Settings.Collection]
    let store: CollectionStore
    let log: @Sendable (String) -> Void

    private static let piece = 1 << 20

    func load() async {
        for collection in collections {
            do {
                try await load(collection)
            } catch {
                log("collection '\(collection.name)' of the settings: \(error)")
            }
        }
    }

    private func load(_ collection: Settings.Collection) async throws {
        let (hash, file) = await BlockingThread.run("roost-hash") {
            (
                FileHash.of(collection.source, and: collection.fingerprint),
                FileReader(collection.source)
            )
        }
        guard let hash, let file else {
            throw CollectionError.cannotOpen(
                path: collection.source, reason: "it is no file that can be read")
        }
        guard try await store.sourceHash(collection.name) != hash else { return }
        var options = ImportOptions(
            DocumentFormat(fileName: collection.source) ?? .csv)
        options.text = collection.text
        options.id = collection.id
        options.model = collection.model
        options.hasHeader = collection.hasHeader
        options.sourceHash = hash
        let document = try await store.beginImport(collection.name, options)
        for start in stride(from: 0, to: file.size, by: Self.piece) {
            try Task.checkCancellation()
            let piece = await BlockingThread.run("roost-read") {
                file.bytes(at: start, count: Self.piece)
            }
            try await document.feed(piece)
        }
        let description = try await document.finish()
        if description.refusedCount > 0 {
            log(
                "collection '\(collection.name)': \(description.refusedCount) rows of "
                    + "\(collection.source) were refused; GET /v1/collections tells which")
        }
    }
}

extension Settings.Collection {
    /// The settings that make a different collection from the same file.
    fileprivate var fingerprint: String {
        "\(text ?? [])\(id ?? "")\(model ?? "")\(String(describing: hasHeader))"
    }
}
