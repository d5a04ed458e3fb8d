import Engine
import FoundationEssentials
import GRDB
import Synchronization

/// The SQLite file of one collection: rows, words, vectors, and what is known about them.
final class CollectionDatabase: Sendable {
    let pool: DatabasePool
    private let current: Mutex<Schema>

    /// Opens the file at `path`, or makes it.
    /// - Throws: `CollectionError.cannotOpen`.
    init(path: String) throws {
        do {
            pool = try Self.open(path)
            current = Mutex(try pool.read { try Schema($0) })
        } catch {
            throw CollectionError.cannotOpen(path: path, reason: "\(error)")
        }
    }

    private static func open(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 8
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

    var schema: Schema { current.withLock { $0 } }

    /// Publishes a schema when the transaction that wrote it is committed.
    func publish(_ schema: Schema, _ database: Database) {
        database.afterNextTransaction { [self] _ in current.withLock { $0 = schema } }
    }

    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws
        -> Value
    {
        try await Self.translating { try await pool.read(body) }
    }

    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await Self.translating { try await pool.write(body) }
    }

    private static func translating<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as DatabaseError {
            throw CollectionError.storage(error.message ?? error.resultCode.description)
        }
    }

    func close() {
        try? pool.close()
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
