/// What the beginning of a CSV file shows about the rest: its separator, and whether it has a
/// header.
struct CSVDialect {
    let separator: UInt8
    private let records: [[String]]

    private static let separators = [",", ";", "\t", "|"].map { $0.utf8.first! }
    private static let looked = 200

    /// - Parameters:
    ///   - isWhole: false if the sample may end within a record.
    ///   - separator: nil to detect it.
    init(sample: [UInt8], isWhole: Bool, separator: UInt8?) {
        let candidates = separator.map { [$0] } ?? Self.separators
        let parsed = candidates.map {
            (separator: $0, records: Self.records(sample, separator: $0, isWhole: isWhole))
        }
        var best = parsed[0]
        for candidate in parsed.dropFirst()
        where Self.fitness(candidate.records) > Self.fitness(best.records) {
            best = candidate
        }
        (self.separator, records) = best
    }

    /// The number of fields that most records have.
    var columnCount: Int {
        max(1, Self.usualCount(records).count)
    }

    /// The separator that splits most records into the same number of fields; of several such
    /// separators, the one with most fields.
    private static func fitness(_ records: [[String]]) -> Double {
        let (count, share) = usualCount(records)
        return count < 2 ? 0 : share + min(0.1, Double(count) / 1000)
    }

    private static func usualCount(_ records: [[String]]) -> (count: Int, share: Double) {
        var tally: [Int: Int] = [:]
        for record in records { tally[record.count, default: 0] += 1 }
        let most = tally.max { ($0.value, $0.key) < ($1.value, $1.key) }
        guard let most else { return (0, 0) }
        return (most.key, Double(most.value) / Double(records.count))
    }

    private static func records(_ sample: [UInt8], separator: UInt8, isWhole: Bool) -> [[String]] {
        var parser = CSVParser(separator: separator, limit: 8 * (sample.count + 1))
        var records: [[String]] = []
        sample.withUnsafeBufferPointer { bytes in
            var offset = 0
            while offset < bytes.count, records.count < looked {
                guard parser.advance(bytes, &offset) == .record else { continue }
                records.append(fields(parser))
            }
        }
        if isWhole, records.count < looked, parser.finish() == .record {
            records.append(fields(parser))
        }
        return records.filter { $0 != [""] }
    }

    private static func fields(_ parser: CSVParser) -> [String] {
        var start = 0
        return parser.ends.map { end in
            defer { start = end }
            return String(decoding: parser.bytes[start..<end], as: UTF8.self)
        }
    }

    /// Excel's first line `sep=;` names the separator; it is not a row.
    static func takeAnnouncement(_ bytes: inout [UInt8]) -> UInt8? {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard line.count == 5, line.starts(with: "sep=".utf8) else { return nil }
        let separator = line[4]
        bytes.removeFirst(min(bytes.count, line.count))
        return separator
    }
}

// MARK: - The header

extension CSVDialect {
    /// Whether the first record names the columns: it contains a known name, or no number. A single
    /// column has a header if its first cell is one word, unlike the others.
    func hasHeader(expecting: [String]) -> Bool {
        guard let first = records.first else { return true }
        let names = first.map { String($0.trimmingWhitespace) }
        if names.contains(where: expecting.contains) { return true }
        if names.contains(where: Self.isNumber) { return false }
        guard first.count == 1 else { return names.contains { !$0.isEmpty } }
        let isWord = names[0].allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
        return isWord && records.dropFirst().contains { $0 != first }
    }

    private static func isNumber(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first else { return false }
        return (first.properties.numericType != nil || "+-.".unicodeScalars.contains(first))
            && Double(text.replacing(",", with: ".")) != nil
    }

    /// The names of the columns; missing and repeated names are numbered.
    static func names(_ header: [String]) -> [String] {
        var taken: Set<String> = []
        return header.enumerated().map { index, cell in
            let base = String(cell.trimmingWhitespace)
            let name = base.isEmpty ? "column\(index + 1)" : base
            var unique = name
            var number = 2
            while !taken.insert(unique).inserted {
                unique = "\(name)_\(number)"
                number += 1
            }
            return unique
        }
    }
}
