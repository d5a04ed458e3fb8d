import JSON
import Logging

/// Writes log entries as lines: readable ones on a terminal, JSON objects elsewhere.
struct LineLogHandler: LogHandler {
    enum Format: Sendable {
        case text
        case json
    }

    let format: Format
    private let writer: LineWriter
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    init(format: Format, writer: LineWriter) {
        self.format = format
        self.writer = writer
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let entry = LogEntry(
            level: event.level, message: event.message.description,
            fields: LogEntry.ordered(event.metadata ?? [:]))
        writer.write(entry.line(format))
    }
}

/// One entry of the log.
struct LogEntry {
    let level: Logger.Level
    let message: String
    let fields: [(key: String, value: JSONValue)]
    var time = WallClock.now

    /// Reports dropped entries.
    static func dropped(_ count: Int) -> LogEntry {
        LogEntry(
            level: .warning,
            message: "entries of the log were dropped: its reader took none for a while",
            fields: [("dropped", .integer(count))])
    }

    func line(_ format: LineLogHandler.Format) -> String {
        format == .json ? json : text
    }

    /// `16:04:05 POST /v1/chat/completions  status=200 ms=12.3`
    var text: String {
        let mark = level >= .warning ? "\(level): " : ""
        let details = fields.map { " \($0.key)=\($0.value.string ?? $0.value.serialized())" }
        let line = "\(mark)\(message)" + (details.isEmpty ? "" : " " + details.joined())
        return "\(time.clockText) \(line.printable)"
    }

    var json: String {
        var object = JSONObject()
        object["time"] = .string(time.isoText)
        object["level"] = .string(level.rawValue)
        object["message"] = .string(message)
        for (key, value) in fields { object[key] = value }
        return JSONValue.object(object).serialized()
    }

    /// The most useful comes first.
    static func ordered(_ metadata: Logger.Metadata) -> [(key: String, value: JSONValue)] {
        let first = [
            "status", "ms", "model", "prompt_tokens", "completion_tokens", "error", "reason",
        ]
        let known = first.filter { metadata[$0] != nil }
        let rest = metadata.keys.filter { !first.contains($0) && !$0.hasPrefix("hb.") }.sorted()
        return (known + rest).map { ($0, value(metadata[$0])) }
    }

    private static func value(_ value: Logger.Metadata.Value?) -> JSONValue {
        switch value {
        case .stringConvertible(let value as Int): .integer(value)
        case .stringConvertible(let value as Double): .number(value)
        case .stringConvertible(let value as Bool): .bool(value)
        case .some(let value): .string(value.description)
        case nil: .null
        }
    }
}
