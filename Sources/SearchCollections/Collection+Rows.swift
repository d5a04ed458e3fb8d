import GRDB
import JSON

extension Collection {
    /// Writes rows in one transaction, which is on disk when this returns.
    func write(_ rows: [SourceRow], whenTaken: TakenID) async throws -> RowChanges {
        try await change(whenTaken: whenTaken) { writer in
            for row in rows { try writer.write(row) }
        }
    }

    /// Decides from the first rows which columns are embedded and which one is the id.
    ///
    /// - Parameters:
    ///   - text: nil to detect it.
    ///   - id: nil for a column of that name, if there is one.
    func begin(_ first: [SourceRow], text: [String]?, id: String?) async throws {
        try await database.write { [database] transaction in
            let found = Schema(namedBy: first)
            let idName = try id.map { try Self.known($0, "id", found.columns) } ?? found.usualID
            let textNames =
                try text.map { try $0.map { try Self.known($0, "text", found.columns) } }
                ?? found.likelyText(first, besides: idName)
            var schema = database.schema
            for name in found.columns where schema.position(name) == nil {
                _ = try schema.create(name, transaction.database)
            }
            try schema.fix(
                text: textNames.compactMap { schema.position($0) },
                id: idName.flatMap { schema.position($0) }, transaction.database)
            database.publish(schema, transaction)
        }
    }

    private static func known(_ name: String, _ parameter: String, _ columns: [String]) throws
        -> String
    {
        guard columns.contains(where: { $0.utf8.elementsEqual(name.utf8) }) else {
            throw CollectionError.unknownColumn(name, parameter: parameter, known: columns)
        }
        return name
    }

    /// Runs one transaction of changes to rows, then updates spaces and counts and wakes the
    /// worker.
    func change(
        whenTaken: TakenID = .replace, _ body: @escaping @Sendable (inout RowWriter) throws -> Void
    ) async throws -> RowChanges {
        let changes = try await database.write { [self] transaction in
            var writer = RowWriter(
                transaction.database, schema: database.schema, whenTaken: whenTaken)
            try body(&writer)
            let changes = writer.changes
            database.publish(writer.schema, transaction)
            for space in with({ $0.spaces }) { try space.remove(changes.removedKeys, transaction) }
            try note(changes, transaction)
            return changes
        }
        kick()
        return changes
    }

    /// Stores what is known about the collection, in the database and then here.
    private func note(_ changes: RowChanges, _ transaction: Transaction) throws {
        let (oldAbout, oldRefused) = with { ($0.about, $0.refused) }
        var about = oldAbout
        about.updated = Clock.now
        about.refusedCount += changes.refused.count
        try about.save(transaction.database)
        for row in changes.refused.prefix(
            max(0, CollectionAbout.keptRefusals - oldAbout.refusedCount))
        {
            try transaction.database.execute(
                sql: "INSERT INTO refused (line, message) VALUES (?, ?)",
                arguments: [row.line, row.message])
        }
        let refused = Array((oldRefused + changes.refused).prefix(100))
        let gone = changes.removedKeys.count - changes.replaced
        transaction.afterCommit { [self, about] in
            with { state in
                state.about = about
                state.refused = refused
                state.count += changes.added - gone
                state.version += 1
                if changes.added + changes.replaced > 0 { state.isComplete = false }
            }
        }
    }

    /// Records rows that a reader refused.
    func note(refused: [RefusedRow]) async throws {
        guard !refused.isEmpty else { return }
        try await database.write { [self] transaction in
            try note(RowChanges(refused: refused), transaction)
        }
    }
}

extension Schema {
    /// All columns that rows have.
    fileprivate init(namedBy rows: [SourceRow]) {
        self.init()
        for row in rows {
            for name in row.columns.names where position(name) == nil { _ = add(name) }
        }
    }

    fileprivate var usualID: String? {
        columns.first { $0.lowercased() == "id" }
    }

    /// The columns that hold words: most of their cells are text, and not numbers.
    fileprivate func likelyText(_ rows: [SourceRow], besides id: String?) -> [String] {
        var words = [Int](repeating: 0, count: columns.count)
        var others = words
        for row in rows.prefix(1000) {
            for (name, value) in zip(row.columns.names, row.values) {
                guard let position = position(name) else { continue }
                switch value {
                case .null: break
                case .string(let text) where text.isEmpty: break
                case .string(let text) where Double(text) == nil: words[position] += 1
                default: others[position] += 1
                }
            }
        }
        let likely = columns.indices.filter { words[$0] > others[$0] }.map { columns[$0] }
            .filter { $0 != id }
        return likely.isEmpty ? Array(columns.filter { $0 != id }.prefix(8)) : likely
    }
}
