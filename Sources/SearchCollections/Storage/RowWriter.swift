import FoundationEssentials
import GRDB
import JSON

/// What happens to a row whose id exists already.
package enum TakenID: Sendable {
    case refuse
    case replace
}

/// What a write changed.
struct RowChanges: Sendable {
    var added = 0
    var replaced = 0
    /// The keys of removed rows, whose vectors are removed too.
    var removedKeys: [Int64] = []
    var refused: [RefusedRow] = []
}

/// Writes rows, within one transaction.
struct RowWriter {
    let database: Database
    var schema: Schema
    let whenTaken: TakenID
    private(set) var changes = RowChanges()
    private var plan: Plan?

    init(_ database: Database, schema: Schema, whenTaken: TakenID) {
        self.database = database
        self.schema = schema
        self.whenTaken = whenTaken
    }

    /// Where the values of rows with certain columns go.
    private struct Plan {
        let columns: ColumnNames
        let positions: [Int]
        let insert: String
        let idIndex: Int?
    }

    mutating func write(_ row: SourceRow) throws {
        let plan: Plan
        do {
            plan = try self.plan(row.columns)
        } catch let error as CollectionError {
            return changes.refused.append(RefusedRow(line: row.line, message: "\(error)"))
        }
        do {
            let id = try plan.idIndex.flatMap { try Self.id(row.values[$0]) }
            try write(row, id: id, plan)
        } catch let error as CollectionError {
            changes.refused.append(RefusedRow(line: row.line, message: "\(error)"))
        }
    }

    private mutating func write(_ row: SourceRow, id: String?, _ plan: Plan) throws {
        if let id, let holder = try holder(of: id), try !giveWay(holder) {
            guard whenTaken == .replace else {
                throw CollectionError.invalidRow("id '\(id.prefix(64))' is taken already")
            }
            try remove(holder.key)
            changes.replaced += 1
        } else {
            changes.added += 1
        }
        try insert(row, id: id, plan)
    }

    /// Adds a row with a given id, which must be unused.
    mutating func add(_ row: SourceRow, id: String, isNew: Bool) throws {
        if isNew { changes.added += 1 } else { changes.replaced += 1 }
        try insert(row, id: id, plan(row.columns))
    }

    /// Changes a row's values, leaving columns that are not named. The text must be the same.
    mutating func update(_ key: Int64, _ row: SourceRow) throws {
        let plan = try plan(row.columns)
        let values = Dictionary(
            zip(plan.positions, row.values), uniquingKeysWith: { _, last in last })
        let others = schema.columns.indices.filter { !schema.text.contains($0) }
        guard !others.isEmpty else { return }
        let list = others.map { "\(Schema.sql($0)) = ?" }.joined(separator: ", ")
        let cells = others.map { (values[$0] ?? .null).cell } + [key.databaseValue]
        try database.cachedStatement(sql: "UPDATE row SET \(list) WHERE key = ?")
            .execute(arguments: StatementArguments(cells))
    }

    private func insert(_ row: SourceRow, id: String?, _ plan: Plan) throws {
        let chosen = try id ?? freeID()
        let cells = [chosen.databaseValue] + row.values.map(\.cell)
        let statement = try database.cachedStatement(sql: plan.insert)
        try statement.execute(arguments: StatementArguments(cells))
    }

    /// The id for a row without one.
    ///
    /// If rows bring their own ids, it is a UUID, which no row has or will have. If no column holds
    /// ids, it is the number that the row will have as its key, unless a row was put under that.
    private func freeID() throws -> String {
        guard schema.idColumn == nil else { return UUID().uuidString.lowercased() }
        let next = try Int64.fetchOne(
            database.cachedStatement(sql: "SELECT seq FROM sqlite_sequence WHERE name = 'row'"))
        var id = String((next ?? 0) + 1)
        while try holder(of: id) != nil { id = "_" + id }
        return id
    }

    /// The row that has an id.
    private struct Holder {
        let key: Int64
        /// Whether the id was generated, not part of the row.
        let isGenerated: Bool
    }

    private func holder(of id: String) throws -> Holder? {
        let cell = schema.idColumn.map(Schema.sql)
        let isGenerated = cell.map { "ifnull(\($0), '') = ''" } ?? "0"
        let statement = try database.cachedStatement(
            sql: "SELECT key, \(isGenerated) FROM row WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id]).map {
            Holder(key: $0[0], isGenerated: $0[1])
        }
    }

    /// Gives a row another id if its own was generated. Generated ids used to be numbers, and older
    /// collections still have them: a row that brings such a number as its id is a different row.
    private func giveWay(_ holder: Holder) throws -> Bool {
        guard holder.isGenerated else { return false }
        try database.cachedStatement(sql: "UPDATE row SET id = ? WHERE key = ?")
            .execute(arguments: [freeID(), holder.key])
        return true
    }

    mutating func remove(_ key: Int64) throws {
        try database.cachedStatement(sql: "DELETE FROM row WHERE key = ?").execute(arguments: [key])
        changes.removedKeys.append(key)
    }

    // MARK: Columns

    private mutating func plan(_ columns: ColumnNames) throws -> Plan {
        if let plan, plan.columns === columns { return plan }
        let missing = columns.names.filter { schema.position($0) == nil }
        guard schema.columns.count + missing.count <= Schema.limit else {
            throw CollectionError.tooManyColumns(
                schema.columns.count + missing.count, limit: Schema.limit)
        }
        let positions = try columns.names.map {
            try schema.position($0) ?? schema.create($0, database)
        }
        let list = positions.map { ", " + Schema.sql($0) }.joined()
        let marks = String(repeating: ", ?", count: positions.count)
        let made = Plan(
            columns: columns, positions: positions,
            insert: "INSERT INTO row (id\(list)) VALUES (?\(marks))",
            idIndex: schema.idColumn.flatMap { positions.firstIndex(of: $0) })
        plan = made
        return made
    }

    /// The id in a cell; nil for an empty one.
    static func id(_ value: JSONValue) throws -> String? {
        let text: String
        switch value {
        case .null: return nil
        case .string(let string): text = string
        case .integer(let number): text = String(number)
        default: throw CollectionError.invalidRow("the id is \(value.kind), expected text")
        }
        guard !text.isEmpty else { return nil }
        guard text.utf8.count <= 1024, !text.utf8.contains(0) else {
            throw CollectionError.invalidRow(
                "the id has \(text.utf8.count) bytes or a zero among them, expected up to 1024")
        }
        return text
    }
}
