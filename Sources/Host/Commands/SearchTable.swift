import ArgumentParser
import JSON

/// A condition as it is written on the command line: `year>=1990`.
struct SearchCondition: ExpressibleByArgument {
    let json: JSONValue

    private static let signs = [
        (">=", "gte"), ("<=", "lte"), ("!=", "ne"), ("=", "eq"), (">", "gt"), ("<", "lt"),
        ("~", "contains"),
    ]

    init?(argument: String) {
        let found = Self.signs.compactMap {
            sign, name -> (at: String.Index, sign: String, name: String)? in
            argument.firstRange(of: sign).map { ($0.lowerBound, sign, name) }
        }
        // The operator that begins first, and of those the longest.
        let first = found.min { ($0.at, $1.sign.count) < ($1.at, $0.sign.count) }
        guard let first, first.at > argument.startIndex else { return nil }
        let value = String(argument[first.at...].dropFirst(first.sign.count))
        json = [
            String(argument[..<first.at]).trimmed: [first.name: Self.value(value, first.name)]
        ]
    }

    private static func value(_ text: String, _ comparison: String) -> JSONValue {
        guard comparison != "contains" else { return .string(text) }
        if let number = Int(text) { return .integer(number) }
        return Double(text).map { .number($0) } ?? .string(text)
    }
}

/// What was found, for a terminal.
struct SearchTable {
    private let answer: JSONValue
    private let columns: [String]

    private static let widest = 60

    init(_ answer: JSONValue, _ collection: JSONValue) {
        self.answer = answer
        columns = (collection["text"]?.array ?? []).compactMap(\.string)
    }

    var text: String {
        let hits = answer["data"]?.array ?? []
        guard !hits.isEmpty else { return "nothing found" }
        var table = TextTable(["SCORE", "ID"] + columns.map { $0.uppercased() })
        for hit in hits {
            let cells = columns.map { Self.cell(hit["row"]?[$0] ?? .null) }
            table.add([Self.score(hit["score"]?.number ?? 0), hit["id"]?.string ?? ""] + cells)
        }
        return table.text
    }

    private static func score(_ score: Double) -> String {
        let digits = String(Int((abs(score) * 10_000).rounded()))
        let padded = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        return (score < 0 ? "-" : "") + padded.dropLast(4) + "." + padded.suffix(4)
    }

    private static func cell(_ value: JSONValue) -> String {
        let text = value.string ?? (value.isNull ? "" : value.serialized())
        let line = String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 })
        return line.count > widest ? line.prefix(widest - 1) + "…" : line
    }
}
