import GRDB

/// Computes the vectors of one collection's rows in the background, batch by batch.
///
/// However it ends, the next worker continues after the last batch that was written.
struct EmbeddingWorker: Sendable {
    let collection: Collection
    let embedder: @Sendable (String?) -> any CollectionEmbedder
    /// Called when every row has been processed.
    let whenReady: @Sendable () async -> Void

    /// The vectors came from another model than the earlier ones; the work restarts with that
    /// model.
    private struct ModelChanged: Error {}

    /// Runs until it is cancelled.
    func run() async {
        var kicks = collection.kicks.makeAsyncIterator()
        var failures = 0
        while !Task.isCancelled {
            do {
                try await collection.renewWords()
                try await catchUp()
                failures = 0
            } catch is ModelChanged {
                continue
            } catch {
                if Task.isCancelled { return }
                failures += 1
                collection.fail((error as? CollectionError)?.publicDescription ?? "\(error)")
            }
            let timer = failures == 0 ? nil : retry(after: failures)
            defer { timer?.cancel() }
            guard await kicks.next() != nil else { return }
        }
    }

    private func retry(after failures: Int) -> Task<Void, any Error> {
        let options = collection.options
        let delay = min(options.retryAtMost, options.retryAfter * (1 << min(failures - 1, 16)))
        return Task { [weak collection] in
            try await Task.sleep(for: delay)
            collection?.kick()
        }
    }

    /// Embeds the waiting rows and maintains the files.
    private func catchUp() async throws {
        if try await collection.waitsForModel() {
            let embedder = embedder(collection.modelName)
            let model = try await embedder.model
            let space = try await collection.space(for: model)
            collection.announce()
            while let batch = try await collection.pending(space) {
                try Task.checkCancellation()
                try await embed(batch, embedder, model, space)
                collection.announce()
            }
            try await collection.promote(space)
        }
        await whenReady()
        try await collection.tidy()
        collection.announce()
    }

    private func embed(
        _ batch: [PendingText], _ embedder: any CollectionEmbedder, _ model: EmbeddingModel,
        _ space: VectorSpace
    ) async throws {
        let (vectors, refused) = try await vectors(batch, embedder, model)
        let through = batch[batch.count - 1].key
        try await collection.store(vectors, refused: refused, through: through, space)
    }

    /// Embeds a batch; a refused batch is halved until only the texts at fault remain.
    /// - Throws: `ModelChanged` if not all of it was embedded by `model`.
    private func vectors(
        _ batch: [PendingText], _ embedder: any CollectionEmbedder, _ model: EmbeddingModel
    ) async throws -> (vectors: [(key: Int64, vector: [Float])], refused: [RefusedRow]) {
        do {
            let embedded = try await embedder.embed(batch.map(\.text), as: .passage)
            guard embedded.model == model else { throw ModelChanged() }
            let units = embedded.vectors.compactMap(HalfVector.normalized)
            guard units.count == batch.count,
                units.allSatisfy({ $0.count == model.dimensions })
            else { throw EmbeddingRefused("the model gave no vector for it") }
            return (zip(batch, units).map { (key: $0.key, vector: $1) }, [])
        } catch let error as EmbeddingRefused {
            guard batch.count > 1 else {
                let message = "row \(batch[0].key) is not embedded: \(error)"
                return ([], [RefusedRow(line: 0, message: message)])
            }
            let middle = batch.count / 2
            let first = try await vectors(Array(batch[..<middle]), embedder, model)
            let second = try await vectors(Array(batch[middle...]), embedder, model)
            return (first.vectors + second.vectors, first.refused + second.refused)
        }
    }
}
