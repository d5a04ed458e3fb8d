/// The format of a document.
package enum DocumentFormat: String, Sendable, CaseIterable {
    case csv
    case tsv
    case jsonLines
    case json
    case text

    /// The format of a media type; nil for an unknown one.
    package init?(mediaType: String) {
        let type = mediaType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        switch type {
        case "text/csv", "application/csv", "application/vnd.ms-excel": self = .csv
        case "text/tab-separated-values": self = .tsv
        case "application/jsonl", "application/x-ndjson", "application/ndjson",
            "application/json-lines", "application/jsonlines", "application/x-jsonlines":
            self = .jsonLines
        case "application/json": self = .json
        case "text/plain": self = .text
        default: return nil
        }
    }

    /// The format of a file by its name's extension, before `.gz` if there is one; nil for an
    /// unknown one.
    package init?(fileName: String) {
        if fileName.lowercased().hasSuffix(".gz") {
            self.init(fileName: String(fileName.dropLast(3)))
            return
        }
        guard let dot = fileName.lastIndex(of: ".") else { return nil }
        switch fileName[fileName.index(after: dot)...].lowercased() {
        case "csv": self = .csv
        case "tsv", "tab": self = .tsv
        case "jsonl", "ndjson": self = .jsonLines
        case "json": self = .json
        case "txt", "text", "md": self = .text
        default: return nil
        }
    }

    /// The format of a document judged only by its beginning: JSON by its bracket, everything else
    /// is CSV.
    package init(beginning bytes: [UInt8]) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = bytes.starts(with: mark) ? bytes.dropFirst(3) : bytes[...]
        switch text.first(where: { $0 != 0x20 && !(0x09...0x0D).contains($0) }) {
        case UInt8(ascii: "["): self = .json
        case UInt8(ascii: "{"): self = .jsonLines
        default: self = .csv
        }
    }

    /// The media type of such a document.
    package var mediaType: String {
        switch self {
        case .csv: "text/csv"
        case .tsv: "text/tab-separated-values"
        case .jsonLines: "application/jsonl"
        case .json: "application/json"
        case .text: "text/plain"
        }
    }
}

/// Reads a document of any format and encoding.
package struct DocumentReader: Sendable {
    private var transcoder = Transcoder()
    private var reader: any RowReader
    private let limits: ReadLimits
    /// How many bytes have arrived since the last row.
    private var bytesWithoutRow = 0

    /// - Parameters:
    ///   - expecting: column names that the caller knows; they tell a header from a row.
    ///   - hasHeader: nil to detect it. Only CSV has one.
    package init(
        _ format: DocumentFormat, expecting: [String] = [], hasHeader: Bool? = nil,
        limits: ReadLimits = ReadLimits()
    ) {
        self.limits = limits
        switch format {
        case .csv, .tsv:
            var dialect = CSVReader.Hints(expecting: expecting, hasHeader: hasHeader)
            if format == .tsv { dialect.separator = UInt8(ascii: "\t") }
            reader = CSVReader(hints: dialect, limits: limits)
        case .jsonLines: reader = JSONLinesReader(limits: limits)
        case .json: reader = JSONArrayReader(limits: limits)
        case .text: reader = PlainTextReader(limits: limits)
        }
    }

    /// - Throws: `CollectionError` where the document as a whole cannot be read.
    package mutating func read(_ bytes: [UInt8], into rows: inout ReadRows) throws {
        let decoded = transcoder.decode(bytes)
        guard !decoded.isEmpty else { return }
        let before = rows.found
        try reader.read(decoded, into: &rows)
        bytesWithoutRow = rows.found > before ? 0 : bytesWithoutRow + decoded.count
        guard bytesWithoutRow <= limits.withoutRow else {
            throw CollectionError.noRowWithin(bytes: limits.withoutRow, expected: limits.row)
        }
    }

    package mutating func finish(into rows: inout ReadRows) throws {
        let decoded = transcoder.finish()
        if !decoded.isEmpty { try reader.read(decoded, into: &rows) }
        try reader.finish(into: &rows)
    }
}
