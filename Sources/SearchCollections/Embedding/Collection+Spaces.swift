import GRDB
import PluginHost
import Synchronization

extension Collection {
    /// The model to embed with: the requested one, else the one used so far, else the default.
    var modelName: String? {
        with { $0.about.model ?? $0.serving?.model.name }
    }

    /// Rebuilds the word index if an older rule made it, in one transaction: until that is on disk,
    /// the old index answers queries.
    func renewWords() async throws {
        let schema = database.schema
        guard try await !database.read({ try schema.hasCurrentWords($0) }) else { return }
        try await database.write { [database] transaction in
            try database.schema.renewWords(transaction.database)
        }
    }

    /// Makes the worker check whether the model has changed.
    func checkModel() {
        with { $0.wantsModel = true }
        kick()
    }

    /// Whether the worker has anything to ask of the model.
    func waitsForModel() async throws -> Bool {
        let (wants, serving, count) = with { state in
            defer { state.wantsModel = false }
            return (state.wantsModel, state.serving, state.count)
        }
        let hasAnother = with { $0.spaces.count > 1 }
        if wants && count > 0 || hasAnother { return true }
        guard let serving else { return count > 0 }
        let isComplete = try await database.read { try serving.record.isComplete($0) }
        with { $0.isComplete = isComplete }
        return !isComplete || !serving.record.isOfCurrentForm && count > 0
    }

    func fail(_ reason: String) {
        with { $0.error = reason }
        announce()
    }

    /// The space of a model: the serving one, the one being built, or a new one.
    func space(for model: EmbeddingModel) async throws -> VectorSpace {
        with { state in
            state.model = model
            state.error = nil
        }
        let spaces = with { $0.spaces }
        let known = spaces.last {
            $0.model.contentHash == model.contentHash && $0.record.isOfCurrentForm
        }
        if let known { return known }
        return try await database.write { [self] transaction in
            for other in spaces where !other.record.isServing { try drop(other, transaction) }
            let record = try SpaceRecord.create(model, transaction.database)
            let space = try VectorSpace(record, folder: folder, transaction.database)
            transaction.afterCommit { [self] in with { $0.spaces.append(space) } }
            return space
        }
    }

    private func drop(_ space: VectorSpace, _ transaction: Transaction) throws {
        try SpaceRecord.drop(space.id, transaction.database)
        transaction.afterCommit { [self] in
            with { state in state.spaces.removeAll { $0 === space } }
            space.removeFiles()
        }
    }

    /// The next rows without a vector; nil if there are none.
    func pending(_ space: VectorSpace) async throws -> [PendingText]? {
        let schema = database.schema
        let limit = options.batch
        let batch = try await database.read { try space.record.pending(limit, schema, $0) }
        return batch.isEmpty ? nil : batch
    }

    func store(
        _ vectors: [(key: Int64, vector: [Float])], refused: [RefusedRow], through: Int64,
        _ space: VectorSpace
    ) async throws {
        try await database.write { try space.add(vectors, through: through, $0) }
        try await note(refused: refused)
    }

    /// Lets a space that has processed every row answer from now on, alone.
    func promote(_ space: VectorSpace) async throws {
        try await database.write { [self] transaction in
            guard try space.record.isComplete(transaction.database) else { return }
            let others = with { state in state.spaces.filter { $0 !== space } }
            if !space.record.isServing { try space.serve(transaction) }
            for other in others { try drop(other, transaction) }
            transaction.afterCommit { [self] in with { $0.isComplete = true } }
        }
    }

    /// Removes dead entries from the files and updates the graph.
    func tidy() async throws {
        guard let space = with({ $0.serving }) else { return }
        if space.wantsCompaction { try await database.write { try space.compact($0) } }
        guard space.wantsGraph(above: options.graphAbove) else { return }
        with { $0.isIndexing = true }
        defer { with { $0.isIndexing = false } }
        announce()
        if let graph = try await growGraph(space) {
            try await database.write { try space.saveGraph(graph, $0) }
        }
    }

    /// Extends the graph on its own thread; stops when the worker is cancelled.
    private func growGraph(_ space: VectorSpace) async throws -> GraphRecord? {
        let goesOn = GoesOn()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                BlockingThread.start("roost-graph") {
                    continuation.resume(
                        with: Result { try space.growGraph { goesOn.value } })
                }
            }
        } onCancel: {
            goesOn.stop()
        }
    }

    private final class GoesOn: Sendable {
        private let flag = Atomic(true)

        var value: Bool { flag.load(ordering: .relaxed) }

        func stop() { flag.store(false, ordering: .relaxed) }
    }
}
