import GRDB
import JSON

/// The columns of a collection's rows.
///
/// A column of the document is named `c` and its position in the table: its name is data, never
/// SQL.
struct Schema: Sendable, Equatable {
    private(set) var columns: [String] = []
    /// The positions of the columns that are embedded and searched for words.
    var text: [Int] = []
    var idColumn: Int?

    private var positions: [ExactString: Int] = [:]

    static let limit = 1000

    func position(_ name: String) -> Int? { positions[ExactString(name)] }

    mutating func add(_ name: String) -> Int {
        columns.append(name)
        positions[ExactString(name)] = columns.count - 1
        return columns.count - 1
    }

    static func sql(_ position: Int) -> String { "c\(position)" }

    /// `, c0, c1, c2`
    var columnList: String {
        columns.indices.map { ", " + Self.sql($0) }.joined()
    }

    var textNames: [String] { text.map { columns[$0] } }
    var idName: String? { idColumn.map { columns[$0] } }
}

// MARK: - In the database

extension Schema {
    /// Creates the tables of a new collection, whose columns are still unknown.
    static func createTables(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE about (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
                CREATE TABLE field (
                    position INTEGER PRIMARY KEY, name TEXT NOT NULL, text_order INTEGER,
                    is_id INTEGER NOT NULL DEFAULT 0);
                CREATE TABLE row (key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE);
                CREATE TABLE refused (
                    number INTEGER PRIMARY KEY, line INTEGER NOT NULL, message TEXT NOT NULL);
                CREATE TABLE space (
                    id INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT NOT NULL, hash TEXT NOT NULL,
                    dimensions INTEGER NOT NULL, through INTEGER NOT NULL DEFAULT 0,
                    count INTEGER NOT NULL DEFAULT 0, changes INTEGER NOT NULL DEFAULT 0,
                    is_serving INTEGER NOT NULL DEFAULT 0, graph TEXT);
                """)
    }

    init(_ database: Database) throws {
        let rows = try Row.fetchAll(database, sql: "SELECT * FROM field ORDER BY position")
        var order: [(Int, position: Int)] = []
        for row in rows {
            let position = add(row["name"])
            if let rank = row["text_order"] as Int? { order.append((rank, position)) }
            if row["is_id"] { idColumn = position }
        }
        text = order.sorted { $0 < $1 }.map(\.position)
    }

    /// Adds a column to the table and to the schema.
    mutating func create(_ name: String, _ database: Database) throws -> Int {
        let position = add(name)
        try database.execute(sql: "ALTER TABLE row ADD COLUMN \(Self.sql(position))")
        try database.execute(
            sql: "INSERT INTO field (position, name) VALUES (?, ?)", arguments: [position, name])
        return position
    }

    /// Fixes which columns are searched, and creates their index.
    mutating func fix(text: [Int], id: Int?, _ database: Database) throws {
        self.text = text
        idColumn = id
        for (order, position) in text.enumerated() {
            try database.execute(
                sql: "UPDATE field SET text_order = ? WHERE position = ?",
                arguments: [order, position])
        }
        if let id {
            try database.execute(sql: "UPDATE field SET is_id = 1 WHERE position = \(id)")
        }
        try createWordIndex(database)
    }

    /// The index stores no text of its own, so triggers have to tell it the old one.
    private func createWordIndex(_ database: Database) throws {
        let names = text.map(Self.sql)
        let list = names.joined(separator: ", ")
        let old = names.map { "old.\($0)" }.joined(separator: ", ")
        let new = names.map { "new.\($0)" }.joined(separator: ", ")
        let forget = "INSERT INTO words (words, rowid, \(list)) VALUES ('delete', old.key, \(old));"
        let learn = "INSERT INTO words (rowid, \(list)) VALUES (new.key, \(new));"
        try createWordTable(database)
        try database.execute(
            sql: """
                CREATE TRIGGER row_added AFTER INSERT ON row BEGIN \(learn) END;
                CREATE TRIGGER row_removed AFTER DELETE ON row BEGIN \(forget) END;
                CREATE TRIGGER row_changed AFTER UPDATE OF \(list) ON row
                    BEGIN \(forget) \(learn) END;
                """)
    }

    private func createWordTable(_ database: Database) throws {
        let list = text.map(Self.sql).joined(separator: ", ")
        try database.execute(
            sql: """
                CREATE VIRTUAL TABLE words USING fts5(
                    \(list), content='row', content_rowid='key',
                    tokenize='\(WordTokenizer.name)', prefix='2 3');
                INSERT OR REPLACE INTO about (name, value) VALUES ('words', \(WordTokenizer.form));
                """)
    }

    /// Whether the index splits words by the current rule.
    func hasCurrentWords(_ database: Database) throws -> Bool {
        guard try database.tableExists("words") else { return true }
        let form = try Int.fetchOne(database, sql: "SELECT value FROM about WHERE name = 'words'")
        return form == WordTokenizer.form
    }

    /// Rebuilds the word index from the rows; the triggers that maintain it stay.
    func renewWords(_ database: Database) throws {
        try database.execute(sql: "DROP TABLE words")
        try createWordTable(database)
        try database.execute(sql: "INSERT INTO words (words) VALUES ('rebuild')")
    }
}
