import JSON

/// Rows of comma-separated values, or of values separated by semicolons, tabs or bars.
struct CSVReader: RowReader {
    /// What is known before the first byte.
    struct Hints: Sendable {
        var expecting: [String] = []
        var hasHeader: Bool?
        var separator: UInt8?
    }

    private let hints: Hints
    private let limits: ReadLimits
    /// The beginning, until the dialect is known.
    private var sample: [UInt8] = []
    private var parser: CSVParser?
    private var columns: ColumnNames?

    private static let sampleSize = 64 << 10

    init(hints: Hints, limits: ReadLimits) {
        self.hints = hints
        self.limits = limits
    }

    mutating func read(_ bytes: [UInt8], into rows: inout ReadRows) throws {
        if parser != nil { return try parse(bytes, into: &rows) }
        sample += bytes
        if sample.count >= Self.sampleSize { try begin(isWhole: false, into: &rows) }
    }

    mutating func finish(into rows: inout ReadRows) throws {
        if parser == nil { try begin(isWhole: true, into: &rows) }
        while let outcome = parser?.finish(), outcome != .needsMore {
            try take(outcome, into: &rows)
        }
    }

    /// Determines separator and header, and parses what has arrived.
    private mutating func begin(isWhole: Bool, into rows: inout ReadRows) throws {
        var start = sample
        sample = []
        let announced = CSVDialect.takeAnnouncement(&start)
        let dialect = CSVDialect(
            sample: start, isWhole: isWhole, separator: hints.separator ?? announced)
        parser = CSVParser(separator: dialect.separator, limit: limits.row)
        let hasHeader =
            hints.hasHeader ?? dialect.hasHeader(expecting: hints.expecting)
        if !hasHeader {
            let count = dialect.columnCount
            try check(columnCount: count)
            columns = ColumnNames((0..<count).map { "column\($0 + 1)" })
        }
        try parse(start, into: &rows)
    }

    private mutating func parse(_ bytes: [UInt8], into rows: inout ReadRows) throws {
        var offset = 0
        while offset < bytes.count {
            guard let outcome = bytes.withUnsafeBufferPointer({ parser?.advance($0, &offset) })
            else { return }
            try take(outcome, into: &rows)
        }
    }

    private mutating func take(_ outcome: CSVParser.Outcome, into rows: inout ReadRows) throws {
        guard let line = parser?.recordLine else { return }
        switch outcome {
        case .needsMore: break
        case .refused(let problem): rows.refuse(line, problem)
        case .unclosed(let problem, let rest):
            rows.refuse(line, problem)
            try parse(rest, into: &rows)
        case .record: try takeRecord(line, into: &rows)
        }
    }

    private mutating func takeRecord(_ line: Int, into rows: inout ReadRows) throws {
        guard let parser, !(parser.bytes.isEmpty && parser.ends.count == 1) else { return }
        if columns == nil { try check(columnCount: parser.ends.count) }
        var fields = CSVReader.fields(parser)
        guard let columns else {
            self.columns = ColumnNames(CSVDialect.names(fields.map { $0 ?? "" }))
            return
        }
        let count = columns.names.count
        guard fields.dropFirst(count).allSatisfy({ $0 == "" }) else {
            return rows.refuse(line, "the row has \(fields.count) fields, expected \(count)")
        }
        // Spreadsheets omit the empty cells at the end of a row, or write too many of them.
        fields = Array(fields.prefix(count))
        fields += Array(repeating: "", count: count - fields.count)
        if let wrong = fields.firstIndex(where: { $0 == nil }) {
            return rows.refuse(line, "'\(columns.names[wrong])' is not UTF-8")
        }
        rows.add(
            SourceRow(line: line, columns: columns, values: fields.map { .string($0 ?? "") }),
            bytes: parser.bytes.count)
    }

    /// The fields of a record; nil for one that is not UTF-8.
    private static func fields(_ parser: CSVParser) -> [String?] {
        parser.bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            return parser.ends.map { end in
                defer { start = end }
                let field = UnsafeBufferPointer(rebasing: bytes[start..<end])
                return String(validating: field, as: UTF8.self)
            }
        }
    }

    private func check(columnCount count: Int) throws {
        guard count <= limits.columns else {
            throw CollectionError.tooManyColumns(count, limit: limits.columns)
        }
    }
}
