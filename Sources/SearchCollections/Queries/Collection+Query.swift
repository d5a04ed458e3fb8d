import CVectorIndex
import GRDB
import PluginHost

extension Collection {
    /// At least this many ranks of each list are fused.
    private static let fusedDepth = 100

    /// Answers a query.
    ///
    /// - Throws: `CollectionError` where there are no vectors to compare with or a column is unknown,
    ///   and what the embedder throws.
    func answer(_ query: CollectionQuery, embedder: any CollectionEmbedder) async throws
        -> CollectionAnswer
    {
        let schema = database.schema
        let filter = try query.filter.map { try FilterSQL($0, schema: schema) }
        let ranked: [RankedKey]
        switch query.mode {
        case .vector:
            ranked = try await nearest(query, depth: query.depth, filter, embedder)
        case .text:
            ranked = try await matching(query.text, depth: query.depth, filter)
        case .hybrid:
            let depth = max(Self.fusedDepth, query.depth)
            async let words = matching(query.text, depth: depth, filter)
            async let meaning = nearest(query, depth: depth, filter, embedder)
            ranked = RankFusion.fused([try await meaning, try await words])
        }
        return try await answer(query, ranked)
    }

    private func answer(_ query: CollectionQuery, _ ranked: [RankedKey]) async throws
        -> CollectionAnswer
    {
        let shown = ranked.prefix(query.depth).dropFirst(query.offset)
            .filter { $0.score >= query.minimumScore ?? -.infinity }
        let keys = shown.map(\.key)
        let schema = database.schema
        let documents =
            keys.isEmpty ? [:] : try await database.read { try schema.rows(keys, $0) }
        let hits = shown.enumerated().compactMap { index, ranked in
            documents[ranked.key].map {
                CollectionAnswer.Hit(
                    rank: query.offset + index + 1, score: ranked.score, document: $0)
            }
        }
        return with { state in
            CollectionAnswer(
                hits: hits, mode: query.mode,
                model: query.mode == .text ? nil : state.serving?.model.name,
                totalRows: state.count, embedded: state.serving?.record.count ?? 0)
        }
    }
}

// MARK: - Vectors

extension Collection {
    private func nearest(
        _ query: CollectionQuery, depth: Int, _ filter: FilterSQL?,
        _ embedder: any CollectionEmbedder
    ) async throws -> [RankedKey] {
        let embedded: EmbeddedTexts
        do {
            embedded = try await embedder.embed([query.text], as: .query)
        } catch let missing as EmbedderMissing {
            throw CollectionError.noVectors(collection: name, reason: missing.reason)
        }
        while let space = try space(comparableWith: embedded.model) {
            guard let vector = embedded.vectors.first, vector.count == space.model.dimensions,
                let unit = HalfVector.normalized(vector)
            else {
                throw CollectionError.noVectors(
                    collection: name, reason: "the model gave no vector")
            }
            if let ranked = try await nearest(unit, depth: depth, filter, space) { return ranked }
            await Task.yield()
        }
        return []
    }

    /// The space whose vectors are of this model; nil before the first is embedded.
    private func space(comparableWith model: EmbeddingModel) throws -> VectorSpace? {
        let isNews = with { state in
            defer { state.model = model }
            return state.model != model
        }
        if isNews { checkModel() }
        let (serving, coming, error, count) = with {
            ($0.serving, $0.shownSpace?.record, $0.error, $0.count)
        }
        guard let serving else {
            guard let error else { return nil }
            throw CollectionError.noVectors(collection: name, reason: error)
        }
        guard serving.model.contentHash == model.contentHash else {
            let embedded = coming?.id == serving.id ? 0 : coming?.count ?? 0
            throw CollectionError.otherModel(
                collection: name, model: model.name, embedded: embedded, count: count)
        }
        return serving
    }

    /// Rebuilds codes that lack entries. If that fails, as on a full disk, the existing codes must
    /// do.
    private func completeCodes(_ space: VectorSpace) async throws {
        guard !space.hasAllCodes else { return }
        do {
            try await database.write { try space.compact($0) }
        } catch {
            guard space.hasReadableCodes else { throw error }
        }
    }

    /// The rows nearest to a unit vector: the best few hundred by codes, scored again with the
    /// vectors.
    /// - Returns: nil if another space has replaced this one.
    private func nearest(
        _ vector: [Float], depth: Int, _ filter: FilterSQL?, _ space: VectorSpace
    ) async throws -> [RankedKey]? {
        try await completeCodes(space)
        let wanted = max(options.rescored, 4 * depth)
        let keys = try await allowedKeys(filter)
        let threads = options.threads
        let candidates = await SearchThreads.run {
            space.candidates(
                wanted, for: vector, threads: threads,
                allowed: keys.map { keys in { $0.slots(of: keys) } })
        }
        guard !candidates.isEmpty else { return [] }
        let record = space.record
        let ranked = try await database.read { database -> [RankedKey]? in
            guard try SpaceRecord.find(record.id, database) != nil else { return nil }
            var ranked: [RankedKey] = []
            ranked.reserveCapacity(candidates.count)
            try record.forVectors(of: candidates, database) { key, bytes in
                guard let score = HalfVector.dot(vector, bytes) else { return }
                ranked.append(RankedKey(key: key, score: Double(score)))
            }
            return ranked
        }
        return ranked.map { Array($0.sorted(by: RankedKey.isBetter).prefix(depth)) }
    }

    /// The keys that pass a filter, ascending; nil without a filter.
    private func allowedKeys(_ filter: FilterSQL?) async throws -> [Int64]? {
        guard let filter else { return nil }
        let version = with { $0.version }
        if let known = filters.keys(filter, version: version) { return known }
        let keys = try await database.read { database in
            let cursor = try Int64.fetchCursor(
                database, sql: "SELECT row.key FROM row WHERE \(filter.text) ORDER BY row.key",
                arguments: StatementArguments(filter.arguments))
            return try Array(cursor)
        }
        filters.keep(keys, of: filter, version: version)
        return keys
    }
}

extension CodesFile.Snapshot {
    /// The slots of keys; both ascend.
    fileprivate func slots(of keys: [Int64]) -> SlotSet {
        var set = SlotSet(slots: count)
        var slot = 0
        for key in keys {
            while slot < count, self.key(slot) < key { slot += 1 }
            guard slot < count else { break }
            if self.key(slot) == key { set.insert(slot) }
        }
        return set
    }
}

/// Threads on which scans run and files are opened, so that they do not block other tasks; a
/// Dispatch queue would use the same threads as those tasks.
enum SearchThreads {
    static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws
        -> Value
    {
        try await BlockingThread.run("roost-search", body)
    }

    static func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await BlockingThread.run("roost-search", body)
    }
}
