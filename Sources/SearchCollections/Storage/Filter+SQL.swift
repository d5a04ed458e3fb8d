import GRDB
import JSON

/// A filter as a condition of SQL. Names and values of the client are never part of its text:
/// columns are positions, values are arguments.
struct FilterSQL {
    private(set) var arguments: [DatabaseValue] = []
    private(set) var text = ""
    private let schema: Schema

    /// - Throws: `CollectionError.unknownColumn`.
    init(_ filter: Filter, schema: Schema) throws {
        self.schema = schema
        text = try condition(filter)
    }

    private mutating func condition(_ filter: Filter) throws -> String {
        switch filter {
        case .all(let filters): try joined(filters, "AND", none: "1")
        case .any(let filters): try joined(filters, "OR", none: "0")
        case .not(let inner): "NOT (\(try condition(inner)))"
        case .compare(let column, let comparison, let value):
            try compare(cell(column), comparison, value)
        case .oneOf(let column, let values):
            try oneOf(cell(column), values)
        }
    }

    private mutating func joined(_ filters: [Filter], _ word: String, none: String) throws -> String
    {
        if filters.isEmpty { return none }
        return try filters.map { "(\(try condition($0)))" }.joined(separator: " \(word) ")
    }

    private func cell(_ column: String) throws -> String {
        guard let position = schema.position(column) else {
            throw CollectionError.unknownColumn(
                column, parameter: "filter", known: schema.columns)
        }
        return "row." + Schema.sql(position)
    }

    private mutating func oneOf(_ cell: String, _ values: [JSONValue]) throws -> String {
        if values.isEmpty { return "0" }
        return values.map { "(\(equal(cell, $0)))" }.joined(separator: " OR ")
    }

    private mutating func compare(
        _ cell: String, _ comparison: Filter.Comparison, _ value: JSONValue
    ) -> String {
        switch comparison {
        case .equal: return equal(cell, value)
        case .notEqual: return "NOT (\(equal(cell, value)))"
        case .contains: return "ifnull(instr(\(text(cell)), \(mark(value.cell))) > 0, 0)"
        case .startsWith:
            let mark = mark(value.cell)
            return "ifnull(substr(\(text(cell)), 1, length(\(mark))) = \(again(mark)), 0)"
        case .greater: return order(cell, ">", value)
        case .greaterOrEqual: return order(cell, ">=", value)
        case .less: return order(cell, "<", value)
        case .lessOrEqual: return order(cell, "<=", value)
        }
    }

    private mutating func equal(_ cell: String, _ value: JSONValue) -> String {
        switch value {
        case .null: "\(cell) IS NULL"
        case .integer, .number: number(cell, "=", value.cell)
        case .bool(let flag):
            // Spreadsheets write TRUE, Python True.
            "ifnull(lower(\(text(cell))) = \(mark((flag ? "true" : "false").databaseValue)), 0)"
        default: "ifnull(\(text(cell)) = \(mark(value.cell)), 0)"
        }
    }

    /// A text that looks like a number is compared as a number with cells that do too, and as text
    /// with all others.
    private mutating func order(_ cell: String, _ sign: String, _ value: JSONValue) -> String {
        if value.number != nil { return number(cell, sign, value.cell) }
        let words = "\(text(cell)) \(sign) \(mark(value.cell))"
        guard let number = value.string.flatMap(Self.number) else { return "ifnull(\(words), 0)" }
        let asNumber = self.number(cell, sign, number.databaseValue)
        return "ifnull(CASE WHEN \(isNumber(cell)) THEN \(asNumber) ELSE \(words) END, 0)"
    }

    /// Compares as numbers; false if the cell is not a number.
    ///
    /// A cast to NUMERIC gives the other side of a comparison that affinity: text that is a number
    /// becomes one, and any other text is greater than all numbers, so that the second part refuses it.
    private mutating func number(_ cell: String, _ sign: String, _ value: DatabaseValue) -> String {
        "ifnull(\(cell) \(sign) CAST(\(mark(value)) AS NUMERIC) AND \(isNumber(cell)), 0)"
    }

    private func isNumber(_ cell: String) -> String {
        "(\(cell) <= CAST(9e999 AS NUMERIC))"
    }

    private func text(_ cell: String) -> String { "CAST(\(cell) AS TEXT)" }

    private static func number(_ text: String) -> Double? {
        text.utf8.allSatisfy { $0 < 0x80 } ? Double(text) : nil
    }

    // MARK: Arguments

    private mutating func mark(_ value: DatabaseValue) -> String {
        arguments.append(value)
        return "?"
    }

    private mutating func again(_ mark: String) -> String {
        arguments.append(arguments[arguments.count - 1])
        return mark
    }
}
