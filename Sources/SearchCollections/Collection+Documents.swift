import GRDB
import JSON

extension Collection {
    /// - Throws: `CollectionError.unknownDocument`.
    func document(_ id: String) async throws -> Document {
        let schema = database.schema
        guard let stored = try await database.read({ try schema.find(id, $0) }) else {
            throw CollectionError.unknownDocument(id: id, collection: name)
        }
        return stored.document
    }

    /// The rows after the one with the id `after`, or from the first one on.
    func page(after id: String?, limit: Int) async throws -> DocumentPage {
        let schema = database.schema
        let name = name
        let rows = try await database.read { database in
            var key: Int64 = 0
            if let id {
                guard let found = try schema.find(id, database) else {
                    throw CollectionError.unknownDocument(id: id, collection: name)
                }
                key = found.key
            }
            return try schema.page(after: key, limit: limit + 1, database)
        }
        return DocumentPage(
            documents: rows.prefix(limit).map(\.document), hasMore: rows.count > limit)
    }

    /// Puts a row in the place of the one with this id, or adds it.
    /// - Returns: the row, and whether it is new.
    func put(_ id: String, _ row: JSONObject) async throws -> (document: Document, isNew: Bool) {
        let isNew = try await edit(id, mustExist: false) { _ in row }
        return (try await document(id), isNew)
    }

    /// Changes the named columns of a row and leaves the others.
    func patch(_ id: String, _ changes: JSONObject) async throws -> Document {
        _ = try await edit(id, mustExist: true) { old in
            var row = old
            for (column, value) in changes.members { row[column] = value }
            return row
        }
        return try await document(id)
    }

    func delete(_ id: String) async throws {
        let name = name
        _ = try await change { writer in
            guard let stored = try writer.schema.find(id, writer.database) else {
                throw CollectionError.unknownDocument(id: id, collection: name)
            }
            try writer.remove(stored.key)
        }
    }

    /// - Returns: whether there was no such row before.
    private func edit(
        _ id: String, mustExist: Bool, _ body: @escaping @Sendable (JSONObject) -> JSONObject
    ) async throws -> Bool {
        let name = name
        let changes = try await change { writer in
            let stored = try writer.schema.find(id, writer.database)
            guard stored != nil || !mustExist else {
                throw CollectionError.unknownDocument(id: id, collection: name)
            }
            try writer.put(id, body(stored?.document.row ?? JSONObject()), over: stored)
        }
        return changes.added > 0
    }
}

extension RowWriter {
    /// Writes a row under a given id, which the row itself need not contain.
    ///
    /// A row whose text stays keeps its key, and with it its vectors.
    mutating func put(_ id: String, _ row: JSONObject, over old: StoredRow?) throws {
        guard try Self.id(.string(id)) != nil else {
            throw CollectionError.invalidRow("the id is empty")
        }
        var row = row
        if let column = schema.idName {
            let carried = try row[column].flatMap { try Self.id($0) }
            guard carried == nil || carried == id else {
                throw CollectionError.invalidRow(
                    "'\(column)' is another id than that of the address; delete the row and add it anew"
                )
            }
            if carried == nil { row[column] = .string(id) }
        }
        let source = SourceRow(
            line: 0, columns: ColumnNames(Array(row.keys)), values: row.members.map(\.value))
        if let old, schema.textNames.allSatisfy({ Self.isSame(old.document.row[$0], row[$0]) }) {
            try update(old.key, source)
        } else {
            if let old { try remove(old.key) }
            try add(source, id: id, isNew: old == nil)
        }
    }

    private static func isSame(_ old: JSONValue?, _ new: JSONValue?) -> Bool {
        (old ?? .null) == (new ?? .null)
    }
}

// MARK: - Export

/// A format in which rows are exported.
package enum ExportFormat: String, Sendable, CaseIterable {
    case csv
    case jsonLines = "jsonl"
}

extension Collection {
    private static let exportPage = 500

    /// All rows in the order in which they were added, produced piece by piece on demand.
    func export(_ format: ExportFormat) -> AsyncThrowingStream<[UInt8], any Error> {
        let schema = database.schema
        let last = ExportPlace()
        return AsyncThrowingStream { [self] in
            if last.isAtEnd { return nil }
            let key = last.key
            let rows = try await database.read {
                try schema.page(after: key, limit: Self.exportPage, $0)
            }
            last.key = rows.last?.key ?? key
            last.isAtEnd = rows.count < Self.exportPage
            var text = ""
            if format == .csv, key == 0 { CSVText.add(schema.columns, to: &text) }
            for row in rows { format.add(row.document, columns: schema.columns, to: &text) }
            return Array(text.utf8)
        }
    }
}

/// Only the stream's one reader uses it.
private final class ExportPlace: @unchecked Sendable {
    var key: Int64 = 0
    var isAtEnd = false
}

extension ExportFormat {
    fileprivate func add(_ document: Document, columns: [String], to text: inout String) {
        switch self {
        case .csv:
            CSVText.add(columns.map { document.row[$0]?.embeddedText ?? "" }, to: &text)
        case .jsonLines:
            text += JSONValue.object(document.row).serialized() + "\n"
        }
    }
}

/// Writes CSV as RFC 4180 has it.
enum CSVText {
    static func add(_ fields: [String], to text: inout String) {
        text += fields.map(quoted).joined(separator: ",") + "\r\n"
    }

    private static func quoted(_ field: String) -> String {
        let isPlain = field.utf8.allSatisfy {
            $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\n")
                && $0 != UInt8(ascii: "\r")
        }
        return isPlain ? field : "\"" + field.replacing("\"", with: "\"\"") + "\""
    }
}
