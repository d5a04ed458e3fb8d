/// What a client sees of a collection.
package struct CollectionDescription: Sendable, Equatable {
    package enum State: String, Sendable {
        case embedding
        case ready
        /// The vectors belong to other weights than the model has now.
        case stale
        case failed
    }

    package var name: String
    /// The model that embeds it; nil before it is known.
    package var model: String?
    package var text: [String]
    package var columns: [String]
    package var idColumn: String?
    package var count: Int
    package var embedded: Int
    package var state: State
    package var error: String?
    /// The first of the refused rows.
    package var refused: [RefusedRow]
    package var refusedCount: Int
    package var created: Int
    package var updated: Int
    /// Whether queries are still answered by the previous snapshot.
    package var isReplacing: Bool = false
}

extension CollectionDescription {
    /// For a collection that cannot be opened.
    init(name: String, reason: String) {
        self.init(
            name: name, model: nil, text: [], columns: [], idColumn: nil, count: 0, embedded: 0,
            state: .failed, error: reason, refused: [], refusedCount: 0, created: 0, updated: 0)
    }
}

extension Collection {
    var description: CollectionDescription {
        let schema = database.schema
        return with { state in
            let shown = state.shownSpace?.record
            return CollectionDescription(
                name: name, model: state.about.model ?? shown?.model.name, text: schema.textNames,
                columns: schema.columns, idColumn: schema.idName, count: state.count,
                embedded: shown?.count ?? 0, state: state.state, error: state.error,
                refused: state.refused, refusedCount: state.about.refusedCount,
                created: state.about.created, updated: state.about.updated)
        }
    }

    /// An event for watchers.
    var progressNow: CollectionProgress {
        let description = description
        let isIndexing = with { $0.isIndexing }
        let stage: CollectionProgress.Stage =
            switch description.state {
            case .failed: .failed
            case .embedding, .stale: .embedding
            case .ready: isIndexing ? .indexing : .ready
            }
        return CollectionProgress(
            name: name, stage: stage, rows: description.count, embedded: description.embedded,
            of: description.count, refused: description.refusedCount, error: description.error)
    }

    func announce() {
        progress.send { progressNow }
    }
}

extension Collection.State {
    var isStale: Bool {
        guard let serving, let model else { return false }
        return serving.model.contentHash != model.contentHash
    }

    /// The space whose progress is reported.
    var shownSpace: VectorSpace? {
        isStale ? spaces.last { !$0.record.isServing } ?? serving : serving
    }

    fileprivate var state: CollectionDescription.State {
        if isStale { return .stale }
        if error != nil { return .failed }
        return isComplete ? .ready : .embedding
    }
}
