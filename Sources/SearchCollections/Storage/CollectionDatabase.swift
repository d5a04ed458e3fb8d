import FoundationEssentials
import GRDB
import Synchronization

/// The SQLite file of one collection: rows, words, vectors, and what is known about them.
///
/// It is open while it is used and for some time after; then it is closed until its next use, see
/// `OpenDatabases`. Opening and closing happen on a thread that may block, without holding a lock.
final class CollectionDatabase: Sendable {
    private let path: String
    private let siblings: OpenDatabases
    private let state: Mutex<State>
    private let current: Mutex<Schema>

    private struct State {
        /// Nil while closed.
        var pool: DatabasePool?
        /// The task that all callers await while the file is being opened.
        var opening: Task<DatabasePool, any Error>?
        /// How many callers have the pool or wait for it.
        var users = 0
        var lastUse = ContinuousClock.now
        var isClosed = false
    }

    /// Opens the file at `path`, or makes it.
    /// - Throws: `CollectionError.cannotOpen`; `storageFull` if the disk has no space for it.
    static func open(path: String, among siblings: OpenDatabases) async throws
        -> CollectionDatabase
    {
        try await SearchThreads.run {
            let database = try CollectionDatabase(path: path, among: siblings)
            database.noteOpened()
            return database
        }
    }

    private init(path: String, among siblings: OpenDatabases) throws {
        self.path = path
        self.siblings = siblings
        let pool = try Self.open(path, among: siblings)
        do {
            current = Mutex(try pool.read { try Schema($0) })
        } catch {
            throw CollectionError(opening: path, error)
        }
        state = Mutex(State(pool: pool))
    }

    deinit {
        close(removing: nil)
    }

    /// Publishes a schema when the transaction that wrote it commits.
    func publish(_ schema: Schema, _ transaction: Transaction) {
        transaction.afterCommit { [self] in current.withLock { $0 = schema } }
    }

    var schema: Schema { current.withLock { $0 } }

    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws
        -> Value
    {
        try await Self.translating {
            let pool = try await lend()
            defer { giveBack() }
            return try await pool.read(body)
        }
    }

    /// Runs a transaction.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Transaction) throws -> Value
    ) async throws -> Value {
        try await Self.translating {
            let pool = try await lend()
            defer { giveBack() }
            return try await pool.writeWithoutTransaction { try Transaction.run($0, body) }
        }
    }

    /// Moves the content of the log into the file, as far as readers allow, and frees its space.
    func truncateLog() async {
        guard let pool = try? await lend() else { return }
        defer { giveBack() }
        _ = try? await pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
    }

    private static func translating<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as DatabaseError {
            throw CollectionError(error)
        }
    }
}

// MARK: - Opening and closing

extension CollectionDatabase {
    private static func open(
        _ path: String, among siblings: OpenDatabases
    ) throws -> DatabasePool {
        try siblings.reserve.lend {
            do {
                return try siblings.makingRoom { try open(path) }
            } catch {
                throw CollectionError(opening: path, error)
            }
        }
    }

    private static func open(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 8
        configuration.prepareDatabase { $0.add(tokenizer: WordTokenizer.self) }
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { database in
            // GRDB's default for WAL may lose the last transactions when the power fails.
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        try migrator.migrate(pool)
        return pool
    }

    /// One step per change of the shape; a step that has been released never changes.
    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("rows, words and spaces", migrate: Schema.createTables)
        migrator.registerMigration("form of the embedded text") { database in
            try database.execute(
                sql: "ALTER TABLE space ADD COLUMN form INTEGER NOT NULL DEFAULT 1")
        }
        return migrator
    }

    private func lend() async throws -> DatabasePool {
        let (pool, opening) = try state.withLock { state in
            guard !state.isClosed else { throw CollectionError.closed }
            state.users += 1
            if state.pool == nil, state.opening == nil {
                state.opening = Task { try await SearchThreads.run { try self.openAgain() } }
            }
            return (state.pool, state.opening)
        }
        if let pool { return pool }
        do {
            guard let pool = try await opening?.value else { throw CollectionError.closed }
            return pool
        } catch {
            giveBack()
            throw error
        }
    }

    /// Opens a closed file for all who wait for it.
    private func openAgain() throws -> DatabasePool {
        let outcome = Result { try Self.open(path, among: siblings) }
        state.withLock { state in
            state.opening = nil
            state.pool = try? outcome.get()
        }
        let pool = try outcome.get()
        noteOpened()
        return pool
    }

    /// If too many files are open, closes others on this thread: files are opened no faster than
    /// that.
    private func noteOpened() {
        siblings.opened(self)
        for pool in siblings.takeSurplus() { try? pool.close() }
    }

    private func giveBack() {
        state.withLock { state in
            state.users -= 1
            state.lastUse = .now
        }
        for pool in siblings.takeSurplus() { siblings.close(pool) }
    }

    var lastUse: ContinuousClock.Instant { state.withLock { $0.lastUse } }

    /// Closes the file until its next use, unless somebody uses it or has used it since then.
    ///
    /// - Returns: what is to be closed. The file may be opened again meanwhile, which SQLite
    ///   allows.
    func takePool(ifUnusedSince instant: ContinuousClock.Instant = .now) -> DatabasePool? {
        state.withLock { state in
            guard state.users == 0, state.lastUse <= instant, let pool = state.pool.take() else {
                return nil
            }
            siblings.closed(ObjectIdentifier(self))
            return pool
        }
    }

    /// Closes the file for good, and removes its folder if it is to be removed.
    func close(removing folder: String?) {
        let pool = state.withLock { state in
            state.isClosed = true
            siblings.closed(ObjectIdentifier(self))
            return state.pool.take()
        }
        if let pool { siblings.close(pool) }
        if let folder { siblings.remove(folder) }
    }
}

// MARK: - What is known about the collection

/// What a collection is, besides its rows.
struct CollectionAbout: Sendable {
    /// The model's name as it was asked for; nil for the host's default.
    var model: String?
    /// Seconds since 1970.
    var created = 0
    var updated = 0
    /// How many rows were refused; only the first are stored.
    var refusedCount = 0

    static let keptRefusals = 1000
}

extension CollectionAbout {
    init(_ database: Database) throws {
        model = try Self.value("model", database)
        created = try Self.value("created", database) ?? 0
        updated = try Self.value("updated", database) ?? 0
        refusedCount = try Self.value("refused", database) ?? 0
    }

    func save(_ database: Database) throws {
        let values: [(String, (any DatabaseValueConvertible)?)] = [
            ("model", model), ("created", created), ("updated", updated), ("refused", refusedCount),
        ]
        for (name, value) in values {
            try database.execute(
                sql: "INSERT OR REPLACE INTO about (name, value) VALUES (?, ?)",
                arguments: [name, value])
        }
    }

    private static func value<Value: DatabaseValueConvertible>(
        _ name: String, _ database: Database
    ) throws -> Value? {
        try Value.fetchOne(
            database, sql: "SELECT value FROM about WHERE name = ?", arguments: [name])
    }
}
