package import JSON
import PluginHost

/// The collections of a host, in one folder.
///
/// A collection that is being replaced answers queries with its old snapshot until the new one is
/// ready; rows are read from and written to the newer one from the start.
///
/// Every catalog entry is on disk before work continues, so the store runs on its own thread.
package actor CollectionStore {
    private let executor = BlockingExecutor(on: BlockingPool("roost-collections", limit: 1))
    package nonisolated let options: CollectionOptions
    private let folder: String
    private let embedder: @Sendable (String?) -> any CollectionEmbedder
    private let log: @Sendable (String) -> Void
    private let reserve: DiskReserve
    private let databases: OpenDatabases
    private var resting: Task<Void, Never>?
    private var lock: FolderLock?
    private var catalog: Catalog?
    private var entries: [String: Entry] = [:]
    /// Collections that cannot be opened, and why.
    private var broken: [String: String] = [:]
    private var isClosed = false
    private var opening: Task<Void, any Error>?

    /// The snapshots of one collection.
    private struct Entry {
        var serving: Collection
        var coming: Collection?
        var sourceHash: String?

        var newest: Collection { coming ?? serving }
    }

    /// - Parameters:
    ///   - folder: created when it is first needed.
    ///   - embedder: the embedder for a model name; nil for the default model.
    ///   - log: receives what goes wrong in the background, without the texts of rows.
    package init(
        folder: String, options: CollectionOptions = CollectionOptions(),
        embedder: @escaping @Sendable (String?) -> any CollectionEmbedder,
        log: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.folder = folder
        self.options = options
        self.embedder = embedder
        self.log = log
        reserve = DiskReserve(folder + "/reserve")
        databases = OpenDatabases(most: options.openAtMost, reserve: reserve)
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// How many collections have their files open.
    package nonisolated var openCount: Int { databases.count }
}

// MARK: - Start and stop

extension CollectionStore {
    /// Opens the existing collections and continues interrupted work. Everything else waits for
    /// this.
    package func open() async throws {
        guard !isClosed else { throw CollectionError.closed }
        if let opening { return try await opening.value }
        let task = Task { try await load() }
        opening = task
        do {
            try await task.value
        } catch {
            opening = nil
            throw error
        }
    }

    private func load() async throws {
        try Files.makeFolder(folder)
        let lock = try FolderLock(folder)
        let catalog = try reserve.lend { try Catalog(path: path("catalog.sqlite")) }
        reserve.keep()
        self.catalog = catalog
        self.lock = lock
        let lines = try catalog.lines()
        let known = Set(lines.map(\.folder))
        for name in Files.contents(of: folder)
        where Files.isRandomName(name) && !known.contains(name) {
            Files.remove(path(name))
        }
        let snapshots = await opened(lines)
        // Serving snapshots first, so that the incoming ones find them.
        for line in lines.filter({ $0.role == .serving }) + lines.filter({ $0.role == .coming }) {
            take(line, snapshots[line.folder])
        }
        for (name, entry) in entries {
            start(entry.serving, name)
            if let coming = entry.coming { start(coming, name) }
        }
        resting = Task { [databases, interval = options.restAfter] in
            while !Task.isCancelled {
                try? await Task.sleep(for: interval / 2)
                databases.rest(unusedSince: .now - interval)
            }
        }
    }

    /// Opens the snapshots, a few in parallel; rebuilding their files may take a while.
    private func opened(_ lines: [Catalog.Line]) async -> [String: Result<Collection, any Error>] {
        await withTaskGroup { group in
            var waiting = lines[...]
            for line in waiting.prefix(Self.openedAtOnce) { group.addTask(operation: open(line)) }
            waiting = waiting.dropFirst(Self.openedAtOnce)
            var opened: [String: Result<Collection, any Error>] = [:]
            for await (folder, snapshot) in group {
                opened[folder] = snapshot
                if let line = waiting.popFirst() { group.addTask(operation: open(line)) }
            }
            return opened
        }
    }

    private static let openedAtOnce = 8

    private func open(_ line: Catalog.Line)
        -> @Sendable () async -> (
            String, Result<Collection, any Error>
        )
    {
        let folder = path(line.folder)
        return { [options, databases] in
            let snapshot: Result<Collection, any Error>
            do {
                snapshot = .success(
                    try await Collection.open(
                        name: line.name, folder: folder, options: options, among: databases))
            } catch {
                snapshot = .failure(error)
            }
            return (line.folder, snapshot)
        }
    }

    private func take(_ line: Catalog.Line, _ snapshot: Result<Collection, any Error>?) {
        switch snapshot {
        case .success(let collection):
            if line.role == .coming, entries[line.name] != nil {
                entries[line.name]?.coming = collection
                entries[line.name]?.sourceHash = line.sourceHash
            } else {
                entries[line.name] = Entry(serving: collection, sourceHash: line.sourceHash)
            }
        case .failure(let error):
            log("collection '\(line.name)': \(error)")
            broken[line.name] = (error as? CollectionError)?.publicDescription ?? "\(error)"
        case nil: break
        }
    }

    /// Stops the background work. The next start continues what was not done.
    package func close() async {
        isClosed = true
        resting?.cancel()
        let open = entries.values
        entries = [:]
        for entry in open {
            await entry.serving.close()
            await entry.coming?.close()
        }
        databases.rest(unusedSince: .now)
        await databases.waitForClosings()
        catalog = nil
        lock = nil
    }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }

    private func start(_ collection: Collection, _ name: String) {
        let worker = EmbeddingWorker(collection: collection, embedder: embedder) {
            [weak self, weak collection] in
            guard let collection else { return }
            await self?.becameReady(collection, name)
        }
        let task = Task { await worker.run() }
        collection.with { $0.worker = task }
    }

    /// Lets a snapshot that is ready replace the previous one.
    private func becameReady(_ collection: Collection, _ name: String) async {
        guard let entry = entries[name], entry.coming === collection else { return }
        do {
            try catalog?.promote(name)
        } catch {
            return log("collection '\(name)': \(error)")
        }
        entries[name] = Entry(serving: collection, sourceHash: entry.sourceHash)
        await entry.serving.discard()
    }
}

// MARK: - Collections

extension CollectionStore {
    package func list() async throws -> [CollectionDescription] {
        try await open()
        let unopened = broken.filter { entries[$0.key] == nil }.map(CollectionDescription.init)
        return (entries.values.map(Self.description) + unopened).sorted { $0.name < $1.name }
    }

    package func has(_ name: String) async throws -> Bool {
        try await open()
        return entries[name] != nil
    }

    /// - Throws: `CollectionError.unknownCollection`.
    package func describe(_ name: String) async throws -> CollectionDescription {
        try await open()
        if entries[name] == nil, let reason = broken[name] {
            return CollectionDescription(name: name, reason: reason)
        }
        return Self.description(try await entry(name))
    }

    private static func description(_ entry: Entry) -> CollectionDescription {
        var description = entry.newest.description
        description.isReplacing = entry.coming != nil
        return description
    }

    package func delete(_ name: String) async throws {
        try await open()
        if broken.removeValue(forKey: name) != nil, entries[name] == nil {
            return try forget(name)
        }
        _ = try await entry(name)
        do {
            try forget(name)
        } catch {
            // If even the reserve does not help, its files make room to record that it is gone.
            await discard(name)
            await databases.waitForClosings()
            return try forget(name)
        }
        await discard(name)
    }

    private func forget(_ name: String) throws {
        try reserve.lend { try catalog?.remove(name) }
    }

    private func discard(_ name: String) async {
        guard let entry = entries.removeValue(forKey: name) else { return }
        await entry.serving.discard()
        await entry.coming?.discard()
    }

    /// The source's fingerprint when the collection was imported; nil if there is none.
    package func sourceHash(_ name: String) async throws -> String? {
        try await open()
        return entries[name]?.sourceHash
    }

    /// The steps from now on.
    package func progress(_ name: String) async throws -> AsyncStream<CollectionProgress> {
        let collection = try await entry(name).newest
        return collection.progress.watch { collection.progressNow }
    }

    /// Makes the collections of these models check whether the model has changed, and makes those
    /// that lack a model try again.
    package func modelsChanged(_ names: Set<String>) {
        for collection in entries.values.flatMap({ [$0.serving, $0.coming].compactMap { $0 } }) {
            let lacksModel = collection.with { $0.error != nil }
            let isNamed = collection.modelName.map(names.contains) ?? true
            guard lacksModel || isNamed else { continue }
            collection.checkModel()
        }
    }

    private func entry(_ name: String) async throws -> Entry {
        try await open()
        guard !isClosed else { throw CollectionError.closed }
        guard let entry = entries[name] else {
            if let reason = broken[name] { throw CollectionError.storage(reason) }
            throw CollectionError.unknownCollection(name, known: entries.keys.sorted())
        }
        return entry
    }
}

// MARK: - Imports

extension CollectionStore {
    /// Starts a new collection, or one that replaces the existing one of that name.
    /// - Throws: `CollectionError.invalidName`.
    package func beginImport(_ name: String, _ options: ImportOptions) async throws
        -> CollectionImport
    {
        try CollectionName.check(name)
        try await open()
        guard !isClosed else { throw CollectionError.closed }
        let collection = try await Collection.create(
            name: name, folder: path(Files.randomName()), model: options.model,
            options: self.options, among: databases)
        return CollectionImport(into: collection, options, isNew: true) { [weak self] in
            guard let self else { throw CollectionError.closed }
            return try await self.adopt($0, sourceHash: options.sourceHash)
        } abandoned: {
            await $0.discard()
        }
    }

    /// Starts adding rows to a collection.
    package func beginAdding(_ name: String, _ options: ImportOptions) async throws
        -> CollectionImport
    {
        let collection = try await entry(name).newest
        return CollectionImport(into: collection, options, isNew: false) { [weak self] in
            guard let self else { throw CollectionError.closed }
            guard try await self.entry(name).newest === $0 else {
                throw CollectionError.replaced(name)
            }
            return try await self.describe(name)
        } abandoned: { _ in
        }
    }

    /// Registers a snapshot whose rows are on disk. It serves at once unless an existing snapshot
    /// can answer queries that this one cannot yet.
    private func adopt(_ collection: Collection, sourceHash: String?) async throws
        -> CollectionDescription
    {
        guard let catalog, !isClosed else { throw CollectionError.closed }
        let name = collection.name
        let old = entries[name]
        let waits = old?.serving.with { $0.isComplete && $0.serving != nil } ?? false
        let folder = String(collection.folder.dropFirst(self.folder.count + 1))
        let line = Catalog.Line(
            name: name, role: waits ? .coming : .serving, folder: folder, sourceHash: sourceHash)
        try catalog.put(line)
        if waits, let old {
            entries[name] = Entry(
                serving: old.serving, coming: collection, sourceHash: sourceHash)
        } else {
            if old?.coming != nil { try catalog.removeComing(name) }
            entries[name] = Entry(serving: collection, sourceHash: sourceHash)
        }
        start(collection, name)
        await old?.coming?.discard()
        if !waits { await old?.serving.discard() }
        return try await describe(name)
    }
}

// MARK: - Rows

extension CollectionStore {
    package func document(_ name: String, id: String) async throws -> Document {
        try await entry(name).newest.document(id)
    }

    package func put(_ name: String, id: String, _ row: JSONObject) async throws
        -> (document: Document, isNew: Bool)
    {
        try await change(name) { try await $0.put(id, row) }
    }

    package func patch(_ name: String, id: String, _ changes: JSONObject) async throws -> Document {
        try await change(name) { try await $0.patch(id, changes) }
    }

    /// Deletes a row, even on a full disk.
    package func deleteDocument(_ name: String, id: String) async throws {
        try await change(name) { [reserve] collection in
            try await reserve.lend {
                try await collection.delete(id)
            } again: {
                await collection.database.truncateLog()
                try await collection.delete(id)
                await collection.database.truncateLog()
            } where: {
                $0 as? CollectionError == .storageFull
            }
        }
    }

    /// Changes the newest snapshot; repeats the change if a newer one has appeared meanwhile.
    private func change<Value: Sendable>(
        _ name: String, _ body: @Sendable (Collection) async throws -> Value
    ) async throws -> Value {
        while true {
            let collection = try await entry(name).newest
            let value = try await body(collection)
            if entries[name]?.newest === collection { return value }
        }
    }

    package func documents(_ name: String, after id: String?, limit: Int) async throws
        -> DocumentPage
    {
        try await entry(name).newest.page(after: id, limit: limit)
    }

    package func export(_ name: String, _ format: ExportFormat) async throws
        -> AsyncThrowingStream<[UInt8], any Error>
    {
        try await entry(name).newest.export(format)
    }

    /// Answers a query with the serving snapshot.
    package nonisolated func query(_ name: String, _ query: CollectionQuery) async throws
        -> CollectionAnswer
    {
        let (collection, embedder) = try await serving(name)
        return try await collection.answer(query, embedder: embedder)
    }

    private func serving(_ name: String) async throws -> (Collection, any CollectionEmbedder) {
        let collection = try await entry(name).serving
        return (collection, embedder(collection.modelName))
    }
}
