import GRDB

/// The list of collections and their folders. A collection exists from the moment its entry is
/// here, and a folder without an entry is garbage.
struct Catalog: Sendable {
    /// A snapshot of a collection. Its table is called `edition`, as in folders that exist already.
    struct Line: Sendable, Equatable {
        var name: String
        var role: Role
        var folder: String
        var sourceHash: String?
    }

    enum Role: String, Sendable {
        /// Answers queries.
        case serving
        /// Replaces the serving one when it is ready.
        case coming
    }

    private let queue: DatabaseQueue

    /// - Throws: `CollectionError.cannotOpen`; `storageFull` if the disk has no space for it.
    init(path: String) throws {
        do {
            queue = try DatabaseQueue(path: path)
            try queue.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            }
            try Self.migrator.migrate(queue)
        } catch {
            throw CollectionError(opening: path, error)
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("editions") { database in
            try database.execute(
                sql: """
                    CREATE TABLE edition (
                        name TEXT NOT NULL, role TEXT NOT NULL, folder TEXT NOT NULL UNIQUE,
                        source_hash TEXT, PRIMARY KEY (name, role)) WITHOUT ROWID
                    """)
        }
        return migrator
    }

    func lines() throws -> [Line] {
        try translating {
            try queue.read { database in
                try Row.fetchAll(database, sql: "SELECT * FROM edition ORDER BY name, role").map {
                    Line(
                        name: $0["name"], role: Role(rawValue: $0["role"]) ?? .serving,
                        folder: $0["folder"], sourceHash: $0["source_hash"])
                }
            }
        }
    }

    /// Adds a snapshot, replacing one with the same name and role.
    func put(_ line: Line) throws {
        try translating {
            try queue.write { database in
                try database.execute(
                    sql: "INSERT OR REPLACE INTO edition VALUES (?, ?, ?, ?)",
                    arguments: [line.name, line.role.rawValue, line.folder, line.sourceHash])
            }
        }
    }

    /// Lets the coming snapshot replace the serving one.
    func promote(_ name: String) throws {
        try translating {
            try queue.write { database in
                try database.execute(
                    sql: "DELETE FROM edition WHERE name = ? AND role = 'serving'",
                    arguments: [name])
                try database.execute(
                    sql: "UPDATE edition SET role = 'serving' WHERE name = ?", arguments: [name])
            }
        }
    }

    func removeComing(_ name: String) throws {
        try translating {
            try queue.write { database in
                try database.execute(
                    sql: "DELETE FROM edition WHERE name = ? AND role = 'coming'",
                    arguments: [name])
            }
        }
    }

    func remove(_ name: String) throws {
        try translating {
            try queue.write { database in
                try database.execute(
                    sql: "DELETE FROM edition WHERE name = ?", arguments: [name])
            }
            // Otherwise the log keeps space on a full disk.
            try? queue.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        }
    }

    private func translating<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw CollectionError(error)
        }
    }
}
