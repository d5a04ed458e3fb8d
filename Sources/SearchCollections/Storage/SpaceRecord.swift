import FoundationEssentials
import GRDB

/// The vectors of a collection by one state of one model, as the database stores them.
struct SpaceRecord: Sendable {
    var id: Int64
    var model: EmbeddingModel
    /// The form of the texts that these vectors were computed from; see `EmbeddedText`.
    let form: Int
    /// Every row up to this key has its vector, or is known to have none.
    var through: Int64
    /// How many rows have a vector.
    var count: Int
    /// Incremented by each transaction that changes a vector, to detect files that are behind.
    var changes: Int64
    var isServing: Bool
    /// What is known about the graph's file; nil without one.
    var graph: GraphRecord?

    var table: String { "vector_\(id)" }

    /// Whether its texts have the current form. Its vectors answer queries either way.
    var isOfCurrentForm: Bool { form == EmbeddedText.form }
}

/// Tells whether a graph's file is complete and how far it goes.
struct GraphRecord: Sendable, Equatable {
    var size: UInt64
    var checksum: UInt64
    /// The last key in the graph.
    var through: Int64

    init(size: UInt64, checksum: UInt64, through: Int64) {
        (self.size, self.checksum, self.through) = (size, checksum, through)
    }

    init?(_ text: String?) {
        let parts = (text ?? "").split(separator: " ")
        guard parts.count == 3, let size = UInt64(parts[0]),
            let checksum = UInt64(parts[1], radix: 16), let through = Int64(parts[2])
        else { return nil }
        self.init(size: size, checksum: checksum, through: through)
    }

    var text: String { "\(size) \(String(checksum, radix: 16)) \(through)" }
}

extension SpaceRecord {
    static func all(_ database: Database) throws -> [SpaceRecord] {
        try Row.fetchAll(database, sql: "SELECT * FROM space ORDER BY id").map(Self.init)
    }

    private init(_ row: Row) {
        id = row["id"]
        model = EmbeddingModel(
            name: row["model"], contentHash: row["hash"], dimensions: row["dimensions"])
        form = row["form"]
        through = row["through"]
        count = row["count"]
        changes = row["changes"]
        isServing = row["is_serving"]
        graph = GraphRecord(row["graph"] as String?)
    }

    static func find(_ id: Int64, _ database: Database) throws -> SpaceRecord? {
        try Row.fetchOne(
            database.cachedStatement(sql: "SELECT * FROM space WHERE id = ?"), arguments: [id]
        ).map(Self.init)
    }

    /// Creates a space without vectors; it serves at once if no other does.
    static func create(_ model: EmbeddingModel, _ database: Database) throws -> SpaceRecord {
        try database.execute(
            sql: """
                INSERT INTO space (model, hash, dimensions, form, is_serving)
                VALUES (?, ?, ?, ?, NOT EXISTS (SELECT 1 FROM space WHERE is_serving))
                """,
            arguments: [model.name, model.contentHash, model.dimensions, EmbeddedText.form])
        let id = database.lastInsertedRowID
        try database.execute(
            sql: "CREATE TABLE vector_\(id) (key INTEGER PRIMARY KEY, data BLOB NOT NULL)")
        guard let record = try find(id, database) else {
            throw CollectionError.storage("the space \(id) that was just made is gone")
        }
        return record
    }

    static func drop(_ id: Int64, _ database: Database) throws {
        try database.execute(sql: "DROP TABLE IF EXISTS vector_\(id)")
        try database.execute(sql: "DELETE FROM space WHERE id = ?", arguments: [id])
    }

    /// Makes this space the only one that answers queries.
    static func serve(_ id: Int64, _ database: Database) throws {
        for other in try all(database) where other.id != id { try drop(other.id, database) }
        try database.execute(sql: "UPDATE space SET is_serving = 1 WHERE id = ?", arguments: [id])
    }
}

// MARK: - Vectors

/// A row that waits for its vector.
struct PendingText: Sendable {
    var key: Int64
    var text: String
}

extension SpaceRecord {
    /// The next rows without a vector in this space.
    func pending(_ limit: Int, _ schema: Schema, _ database: Database) throws -> [PendingText] {
        let list = schema.text.map { ", " + Schema.sql($0) }.joined()
        let statement = try database.cachedStatement(
            sql: "SELECT key\(list) FROM row WHERE key > ? ORDER BY key LIMIT ?")
        return try Row.fetchAll(statement, arguments: [through, limit]).map {
            PendingText(key: $0[0], text: schema.embeddedText($0))
        }
    }

    /// Whether every row has been processed.
    func isComplete(_ database: Database) throws -> Bool {
        try Int64.fetchOne(
            database, sql: "SELECT 1 FROM row WHERE key > ? LIMIT 1", arguments: [through]) == nil
    }

    /// Adds vectors of rows that still exist, and records how far the space has come.
    /// - Returns: the keys whose vectors were added, in ascending order.
    mutating func add(
        _ vectors: [(key: Int64, data: Data)], through: Int64, _ database: Database
    ) throws -> [Int64] {
        let insert = try database.cachedStatement(
            sql: "INSERT INTO \(table) (key, data) SELECT key, ? FROM row WHERE key = ?")
        var added: [Int64] = []
        for (key, data) in vectors {
            try insert.execute(arguments: [data, key])
            if database.changesCount > 0 { added.append(key) }
        }
        self.through = through
        count += added.count
        changes += 1
        try save(database)
        return added
    }

    mutating func remove(_ keys: [Int64], _ database: Database) throws {
        let delete = try database.cachedStatement(sql: "DELETE FROM \(table) WHERE key = ?")
        for key in keys {
            try delete.execute(arguments: [key])
            count -= database.changesCount
        }
        changes += 1
        try save(database)
    }

    private func save(_ database: Database) throws {
        try database.cachedStatement(
            sql: "UPDATE space SET through = ?, count = ?, changes = ? WHERE id = ?"
        ).execute(arguments: [through, count, changes, id])
    }

    func saveGraph(_ graph: GraphRecord?, _ database: Database) throws {
        try database.execute(
            sql: "UPDATE space SET graph = ? WHERE id = ?", arguments: [graph?.text, id])
    }

    /// Calls `body` with every vector after `key`, in ascending order of the keys.
    func forEachVector(
        after key: Int64, _ database: Database,
        _ body: (Int64, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let cursor = try Row.fetchCursor(
            database, sql: "SELECT key, data FROM \(table) WHERE key > ? ORDER BY key",
            arguments: [key])
        while let row = try cursor.next() {
            try row.withUnsafeData(atIndex: 1) { data in
                try data?.withUnsafeBytes { try body(row[0], $0) }
            }
        }
    }

    /// Calls `body` with the vectors of those keys that have one.
    func forVectors(
        of keys: [Int64], _ database: Database,
        _ body: (Int64, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let statement = try database.cachedStatement(
            sql: """
                SELECT vector.key, vector.data FROM json_each(?) AS wanted
                CROSS JOIN \(table) AS vector ON vector.key = wanted.value
                """)
        let cursor = try Row.fetchCursor(statement, arguments: [keys.jsonList])
        while let row = try cursor.next() {
            try row.withUnsafeData(atIndex: 1) { data in
                try data?.withUnsafeBytes { try body(row[0], $0) }
            }
        }
    }
}
