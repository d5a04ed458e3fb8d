import FoundationEssentials
import GRDB
import Synchronization

/// One snapshot of a collection: its rows and what is computed from them, in its own folder.
///
/// A snapshot that replaces another is filled beside it; see `CollectionStore`.
final class Collection: Sendable {
    let name: String
    let folder: String
    let options: CollectionOptions
    let database: CollectionDatabase
    let progress = ProgressHub()
    let filters = FilterCache()
    let kicks: AsyncStream<Void>
    private let kicking: AsyncStream<Void>.Continuation
    private let state: Mutex<State>

    struct State: Sendable {
        var about: CollectionAbout
        var count: Int
        var refused: [RefusedRow]
        var spaces: [VectorSpace]
        /// The model as last seen; nil before that.
        var model: EmbeddingModel?
        /// Why the last attempt to embed failed.
        var error: String?
        var isIndexing = false
        /// Whether the serving space has processed every row.
        var isComplete: Bool
        /// Whether to ask for the model even if no row waits for it.
        var wantsModel = false
        /// Incremented by every change of a row.
        var version = 0
        var worker: Task<Void, Never>?
        /// The folder is removed when the last user of this snapshot is gone.
        var isDiscarded = false
    }

    /// Makes a snapshot without rows in an empty folder.
    static func create(
        name: String, folder: String, model: String?, options: CollectionOptions,
        among siblings: OpenDatabases
    ) async throws -> Collection {
        try await SearchThreads.run { try Files.makeFolder(folder) }
        let database = try await CollectionDatabase.open(
            path: folder + "/rows.sqlite", among: siblings)
        var about = CollectionAbout()
        about.model = model
        about.created = Clock.now
        about.updated = about.created
        try await database.write { [about] in try about.save($0.database) }
        return try await Collection(
            name: name, folder: folder, database: database, options: options)
    }

    /// Opens the snapshot in a folder.
    /// - Throws: `CollectionError.cannotOpen`.
    static func open(
        name: String, folder: String, options: CollectionOptions, among siblings: OpenDatabases
    ) async throws -> Collection {
        let path = folder + "/rows.sqlite"
        guard Files.exists(path) else {
            throw CollectionError.cannotOpen(path: path, reason: "there is no such file")
        }
        let database = try await CollectionDatabase.open(path: path, among: siblings)
        return try await Collection(
            name: name, folder: folder, database: database, options: options)
    }

    private init(
        name: String, folder: String, database: CollectionDatabase, options: CollectionOptions
    ) async throws {
        self.name = name
        self.folder = folder
        self.database = database
        self.options = options
        state = Mutex(try await database.read { try State($0, folder: folder) })
        (kicks, kicking) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    deinit {
        kicking.finish()
        database.close(removing: state.withLock { $0.isDiscarded } ? folder : nil)
    }

    func with<Value: Sendable>(_ body: (inout sending State) -> sending Value) -> Value {
        state.withLock(body)
    }

    /// Wakes the worker.
    func kick() {
        kicking.yield()
    }

    /// Stops the worker and marks the files as complete.
    func close() async {
        let worker = with { $0.worker }
        worker?.cancel()
        kicking.finish()
        await worker?.value
        let spaces = with { $0.spaces }
        await SearchThreads.run { for space in spaces { space.close() } }
        progress.finish()
    }

    /// Stops the worker; the folder is removed with the last query.
    func discard() async {
        with { $0.isDiscarded = true }
        await close()
    }
}

extension Collection.State {
    /// Reads everything that is known, except spaces of an interrupted change.
    fileprivate init(_ database: Database, folder: String) throws {
        about = try CollectionAbout(database)
        count = try Int.fetchOne(database, sql: "SELECT count(*) FROM row") ?? 0
        refused = try Row.fetchAll(
            database, sql: "SELECT line, message FROM refused ORDER BY number LIMIT 100"
        ).map { RefusedRow(line: $0[0], message: $0[1]) }
        spaces = try SpaceRecord.all(database).map {
            try VectorSpace($0, folder: folder, database)
        }
        let serving = spaces.first { $0.record.isServing }
        isComplete = try serving?.record.isComplete(database) ?? (count == 0)
    }

    var serving: VectorSpace? { spaces.first { $0.record.isServing } }
}

/// How collections are kept and searched.
package struct CollectionOptions: Sendable {
    /// Threads of a scan.
    package var threads = 2
    /// From this many rows on, a graph is built.
    package var graphAbove = 1_000_000
    /// At least this many candidates are scored again with the float vectors.
    package var rescored = 256
    /// How many texts are handed to the model at once.
    package var batch = 64
    /// The most bytes of an imported document.
    package var largestImport = 4 << 30
    /// How long to wait before a failed attempt to embed is repeated; doubles up to the second
    /// value.
    package var retryAfter = Duration.milliseconds(500)
    package var retryAtMost = Duration.seconds(30)
    /// How many collections keep their files open at once, not counting those in use.
    package var openAtMost = 32
    /// The files of a collection that has not been used for this long are closed until its next
    /// use.
    package var restAfter = Duration.seconds(60)

    package init() {}
}

/// The time of the wall clock.
enum Clock {
    /// Seconds since 1970.
    static var now: Int { Int(Date().timeIntervalSince1970) }
}
