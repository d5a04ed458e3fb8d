import GRDB

/// Which collections there are, and in which folder each one lies. A collection exists from the
/// moment that its line is here, and a folder that no line names is rubbish.
struct Catalog: Sendable {
    /// An edition of a collection.
    struct Line: Sendable, Equatable {
        var name: String
        var role: Role
        var folder: String
        var sourceHash: String?
    }

    enum Role: String, Sendable {
        /// Answers queries.
        case serving
        /// Takes its place when it is ready.
        case coming
    }

    private let queue: DatabaseQueue

    /// - Throws: `CollectionError.cannotOpen`; `storageFull` where there is no room for it.
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

    /// Adds an edition in place of one with the same name and role.
    func put(_ line: Line) throws {
        try translating {
            try queue.write { database in
                try database.execute(
                    sql: "INSERT OR REPLACE INTO edition VALUES (?, ?, ?, ?)",
                    arguments: [line.name, line.role.rawValue, line.folder, line.sourceHash])
            }
        }
    }

    /// Lets the coming edition take the place of the one that serves.
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
            // Else the log holds on to room of a full disk.
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
