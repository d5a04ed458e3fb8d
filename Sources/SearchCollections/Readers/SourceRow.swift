package import JSON

/// The names of a row's columns; rows that have the same names share them.
package final class ColumnNames: Sendable {
    package let names: [String]

    package init(_ names: [String]) { self.names = names }
}

/// A row as a reader found it.
package struct SourceRow: Sendable {
    /// Where the row begins, from 1; 0 where there are no lines.
    package var line: Int
    package var columns: ColumnNames
    /// A value for each column.
    package var values: [JSONValue]

    package init(line: Int, columns: ColumnNames, values: [JSONValue]) {
        self.line = line
        self.columns = columns
        self.values = values
    }
}

/// A refused row, and why.
package struct RefusedRow: Sendable, Equatable {
    package var line: Int
    package var message: String

    package init(line: Int, message: String) {
        self.line = line
        self.message = message
    }
}

/// What has been read but not yet stored.
package struct ReadRows: Sendable {
    package var rows: [SourceRow] = []
    package var refused: [RefusedRow] = []
    /// Roughly how much memory the rows take.
    package var bytes = 0

    package init() {}

    /// How many rows were found, accepted or refused.
    var found: Int { rows.count + refused.count }

    mutating func add(_ row: SourceRow, bytes: Int) {
        rows.append(row)
        self.bytes += bytes + 32 * row.values.count + 64
    }

    mutating func refuse(_ line: Int, _ message: String) {
        refused.append(RefusedRow(line: line, message: message))
        bytes += 128
    }
}

/// Bounds on the memory and the shape of what is read.
package struct ReadLimits: Sendable {
    /// The most bytes of one row.
    package var row = 8 << 20
    /// The most bytes without the end of a row, including refused ones.
    package var withoutRow = 64 << 20
    package var columns = 1000

    package init() {}
}

/// Splits a document into rows, piece by piece, so that it is never in memory as a whole.
///
/// A row that cannot be read is refused with its line; the reader continues after it.
package protocol RowReader: Sendable {
    /// - Throws: `CollectionError` where the document as a whole cannot be read.
    mutating func read(_ bytes: [UInt8], into rows: inout ReadRows) throws
    /// Processes what is left after the last byte.
    mutating func finish(into rows: inout ReadRows) throws
}
