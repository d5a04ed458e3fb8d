import GRDB

extension Collection {
    /// At most this many rows are ranked by words, because each takes microseconds: a word that
    /// most of a million rows contain would take seconds and say nothing.
    private static let mostRanked = 5000

    /// The rows that match by words, the best first: those with all the words, then those with some.
    func matching(_ text: String, depth: Int, _ filter: FilterSQL?) async throws -> [RankedKey] {
        guard let query = WordQuery(text) else { return [] }
        return try await database.read { database in
            let full = try Self.matches(query.all, depth, filter, database)
            guard full.count < depth, query.terms.count > 1 else { return full }
            let known = Set(full.map(\.key))
            let any = WordQuery.any(of: try Self.rarest(query.terms, database))
            let some = try Self.matches(any, depth + full.count, filter, database)
            return Array((full + some.filter { !known.contains($0.key) }).prefix(depth))
        }
    }

    /// The rarest words: as many as together match no more rows than are ranked, and at least one.
    private static func rarest(_ terms: [String], _ database: Database) throws -> [String] {
        let counted = try terms.map { (term: $0, rows: try rows(with: $0, database)) }
            .sorted { $0.rows < $1.rows }
        var sum = 0
        let affordable = counted.prefix {
            sum += $0.rows
            return sum <= mostRanked
        }
        return affordable.isEmpty ? [counted[0].term] : affordable.map(\.term)
    }

    /// How many rows contain a word, counted only as far as needed.
    private static func rows(with term: String, _ database: Database) throws -> Int {
        let statement = try database.cachedStatement(
            sql: "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)")
        return try Int.fetchOne(statement, arguments: [term, mostRanked + 1]) ?? 0
    }

    private static func matches(
        _ match: String, _ limit: Int, _ filter: FilterSQL?, _ database: Database
    ) throws -> [RankedKey] {
        let join = filter == nil ? "" : "JOIN row ON row.key = words.rowid"
        let condition = "words MATCH ?" + (filter.map { " AND (\($0.text))" } ?? "")
        let arguments = [match.databaseValue] + (filter?.arguments ?? [])
        // Of too many rows, those added first are ranked.
        let end = try Int64.fetchOne(
            database,
            sql: "SELECT words.rowid FROM words \(join) WHERE \(condition) LIMIT 1 OFFSET ?",
            arguments: StatementArguments(arguments + [max(mostRanked, limit).databaseValue]))
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT words.rowid, bm25(words) AS badness FROM words \(join)
                WHERE \(condition) AND words.rowid < ? ORDER BY badness, words.rowid LIMIT ?
                """,
            arguments: StatementArguments(
                arguments + [(end ?? .max).databaseValue, limit.databaseValue]))
        var found: [RankedKey] = []
        while let row = try rows.next() {
            found.append(RankedKey(key: row[0], score: -(row[1] as Double)))
        }
        return found
    }
}
