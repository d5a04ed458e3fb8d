import Engine
import FoundationEssentials
import GRDB
import Synchronization

/// The SQLite file of one collection: rows, words, vectors, and what is known about them.
///
/// It is open while it is used and for some time after, then it rests; see `OpenDatabases`.
final class CollectionDatabase: Sendable {
    private let path: String
    private let siblings: OpenDatabases
    private let state: Mutex<State>
    private let current: Mutex<Schema>

    private struct State {
        var pool: DatabasePool?
        var users = 0
        var lastUse = ContinuousClock.now
        var isClosed = false

        mutating func lend() -> DatabasePool? {
            if pool != nil { users += 1 }
            return pool
        }
    }

    /// Opens the file at `path`, or makes it.
    /// - Throws: `CollectionError.cannotOpen`; `storageFull` where there is no room for it.
    init(path: String, among siblings: OpenDatabases) throws {
        self.path = path
        self.siblings = siblings
        let pool = try Self.open(path, siblings.reserve)
        do {
            current = Mutex(try pool.read { try Schema($0) })
        } catch {
            throw Self.cannotOpen(path, error)
        }
        state = Mutex(State(pool: pool))
        siblings.opened(self)
    }

    deinit {
        close()
    }

    /// Publishes a schema when the transaction that wrote it is committed.
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

    /// As `read`, for whoever opens a collection on a thread of their own.
    func readNow<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try Self.translating {
            let pool = try lendNow()
            defer { giveBack() }
            return try pool.read(body)
        }
    }

    func writeNow<Value>(_ body: (Transaction) throws -> Value) throws -> Value {
        try Self.translating {
            let pool = try lendNow()
            defer { giveBack() }
            return try pool.writeWithoutTransaction { try Transaction.run($0, body) }
        }
    }

    /// Moves what the log holds into the file, as far as readers let it, and gives its room back.
    func truncateLog() async {
        guard let pool = try? await lend() else { return }
        defer { giveBack() }
        _ = try? await pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
    }

    private static func translating<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw CollectionError(error)
        }
    }

    private static func translating<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as DatabaseError {
            throw CollectionError(error)
        }
    }
}

// MARK: - Open and at rest

extension CollectionDatabase {
    private static func open(_ path: String, _ reserve: DiskReserve) throws -> DatabasePool {
        try reserve.lend {
            do {
                return try open(path)
            } catch {
                throw cannotOpen(path, error)
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

    private static func cannotOpen(_ path: String, _ error: any Error) -> CollectionError {
        guard let error = error as? DatabaseError else {
            return .cannotOpen(path: path, reason: "\(error)")
        }
        let known = CollectionError(error)
        return known == .storageFull ? known : .cannotOpen(path: path, reason: "\(error)")
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
        if let pool = state.withLock({ $0.lend() }) { return pool }
        return try await SearchThreads.run { [self] in Result { try lendNow() } }.get()
    }

    private func lendNow() throws -> DatabasePool {
        let (pool, isNew) = try state.withLock { state -> (DatabasePool, Bool) in
            if let pool = state.lend() { return (pool, false) }
            guard !state.isClosed else { throw CollectionError.closed }
            let pool = try Self.open(path, siblings.reserve)
            state.pool = pool
            state.users += 1
            return (pool, true)
        }
        if isNew { siblings.opened(self) }
        return pool
    }

    private func giveBack() {
        state.withLock { state in
            state.users -= 1
            state.lastUse = .now
        }
        siblings.settle()
    }

    var lastUse: ContinuousClock.Instant { state.withLock { $0.lastUse } }

    /// Closes the file until it is needed again, unless somebody uses it or has done so lately.
    func rest(ifUnusedSince instant: ContinuousClock.Instant = .now) {
        let pool = state.withLock { state -> DatabasePool? in
            guard state.users == 0, state.lastUse <= instant, let pool = state.pool.take() else {
                return nil
            }
            siblings.closed(ObjectIdentifier(self))
            return pool
        }
        // It may be opened again meanwhile, which SQLite bears.
        try? pool?.close()
    }

    func close() {
        let pool = state.withLock { state in
            state.isClosed = true
            siblings.closed(ObjectIdentifier(self))
            return state.pool.take()
        }
        try? pool?.close()
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
    /// How many rows were refused, of which only the first are kept.
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
