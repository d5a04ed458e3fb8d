import JSON

/// A row for every line that is not blank, with the one column `text`.
struct PlainTextReader: RowReader {
    private var splitter: LineSplitter
    private let limit: Int

    static let columns = ColumnNames(["text"])

    init(limits: ReadLimits) {
        limit = limits.row
        splitter = LineSplitter(limit: limits.row)
    }

    mutating func read(_ bytes: [UInt8], into rows: inout ReadRows) throws {
        splitter.split(bytes) { [limit] in Self.take($0, $1, limit, into: &rows) }
    }

    mutating func finish(into rows: inout ReadRows) throws {
        splitter.finish { [limit] in Self.take($0, $1, limit, into: &rows) }
    }

    private static func take(
        _ number: Int, _ line: [UInt8]?, _ limit: Int, into rows: inout ReadRows
    ) {
        guard let line else {
            return rows.refuse(number, "the line is longer than \(limit) bytes")
        }
        guard !line.isBlank else { return }
        guard let text = String(validating: line, as: UTF8.self) else {
            return rows.refuse(number, "the line is not UTF-8")
        }
        rows.add(
            SourceRow(line: number, columns: columns, values: [.string(text)]), bytes: line.count)
    }
}
