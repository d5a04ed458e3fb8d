import GRDB
package import JSON

/// A row of a collection.
package struct Document: Sendable, Equatable {
    package var id: String
    /// The columns in the order of the document; null where the row has none.
    package var row: JSONObject

    package init(id: String, row: JSONObject) {
        self.id = id
        self.row = row
    }
}

/// A page of a collection's rows, in the order in which they were added.
package struct DocumentPage: Sendable {
    package var documents: [Document]
    package var hasMore: Bool
}

struct StoredRow: Sendable {
    var key: Int64
    var document: Document
}

extension Schema {
    /// Reads a row of `SELECT key, id, c0, c1, …`.
    func stored(_ row: Row) -> StoredRow {
        var object = JSONObject()
        for (position, name) in columns.enumerated() {
            let cell: DatabaseValue = row[position + 2]
            object[name] = JSONValue(cell: cell)
        }
        return StoredRow(key: row[0], document: Document(id: row[1], row: object))
    }

    /// The text that is embedded for a row of `SELECT key, c2, c1`.
    func embeddedText(_ row: Row) -> String {
        EmbeddedText.joined(
            text.indices.map { index in
                let cell: DatabaseValue = row[index + 1]
                return JSONValue(cell: cell).embeddedText
            })
    }

    func find(_ id: String, _ database: Database) throws -> StoredRow? {
        let statement = try database.cachedStatement(
            sql: "SELECT key, id\(columnList) FROM row WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id]).map(stored)
    }

    /// The rows of these keys, in any order.
    func rows(_ keys: [Int64], _ database: Database) throws -> [Int64: Document] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT row.key, row.id\(columnList) FROM json_each(?) AS wanted
                JOIN row ON row.key = wanted.value
                """)
        var found: [Int64: Document] = [:]
        let cursor = try Row.fetchCursor(statement, arguments: [keys.jsonList])
        while let row = try cursor.next() {
            let stored = stored(row)
            found[stored.key] = stored.document
        }
        return found
    }

    func page(after key: Int64, limit: Int, _ database: Database) throws -> [StoredRow] {
        let statement = try database.cachedStatement(
            sql: "SELECT key, id\(columnList) FROM row WHERE key > ? ORDER BY key LIMIT ?")
        return try Row.fetchAll(statement, arguments: [key, limit]).map(stored)
    }
}

extension [Int64] {
    /// `[1,2,3]`, for `json_each`: one parameter, however many there are.
    var jsonList: String {
        "[" + map(String.init).joined(separator: ",") + "]"
    }
}
