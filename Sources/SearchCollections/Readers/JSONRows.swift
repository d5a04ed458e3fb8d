import JSON

/// Makes rows from JSON values: an object is a row, a string is a row with the one column `text`.
struct JSONRows: Sendable {
    private var columns = PlainTextReader.columns
    private let limits: ReadLimits

    /// How deep the arrays and objects within a row may nest.
    private static let depth = 32

    init(limits: ReadLimits) {
        self.limits = limits
    }

    mutating func add(_ bytes: [UInt8], line: Int, to rows: inout ReadRows) {
        do {
            let value = try JSONValue(parsing: bytes, depth: Self.depth)
            try add(value, line: line, bytes: bytes.count, to: &rows)
        } catch {
            rows.refuse(line, "\(error)")
        }
    }

    mutating func add(_ value: JSONValue, line: Int, bytes: Int, to rows: inout ReadRows) throws {
        switch value {
        case .object(let object):
            guard object.count <= limits.columns else {
                throw CollectionError.tooManyColumns(object.count, limit: limits.columns)
            }
            share(Array(object.keys))
            let row = SourceRow(line: line, columns: columns, values: object.members.map(\.value))
            rows.add(row, bytes: bytes)
        case .string:
            let row = SourceRow(line: line, columns: PlainTextReader.columns, values: [value])
            rows.add(row, bytes: bytes)
        default:
            rows.refuse(line, "the row is \(value.kind), expected an object")
        }
    }

    private mutating func share(_ names: [String]) {
        let isSame = columns.names.elementsEqual(names) { $0.utf8.elementsEqual($1.utf8) }
        if !isSame { columns = ColumnNames(names) }
    }
}

/// A JSON object, or a string, on every line.
struct JSONLinesReader: RowReader {
    private var splitter: LineSplitter
    private var json: JSONRows
    private let limit: Int

    init(limits: ReadLimits) {
        limit = limits.row
        splitter = LineSplitter(limit: limits.row)
        json = JSONRows(limits: limits)
    }

    mutating func read(_ bytes: [UInt8], into rows: inout ReadRows) throws {
        var splitter = splitter
        splitter.split(bytes) { take($0, $1, into: &rows) }
        self.splitter = splitter
    }

    mutating func finish(into rows: inout ReadRows) throws {
        var splitter = splitter
        splitter.finish { take($0, $1, into: &rows) }
    }

    private mutating func take(_ number: Int, _ line: [UInt8]?, into rows: inout ReadRows) {
        guard let line else {
            return rows.refuse(number, "the line is longer than \(limit) bytes")
        }
        if !line.isBlank { json.add(line, line: number, to: &rows) }
    }
}
