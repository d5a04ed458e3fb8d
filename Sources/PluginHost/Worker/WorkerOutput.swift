/// A worker's stdout and stderr: the end is kept for reports, and its lines go to the host's log,
/// at a limited rate.
struct WorkerOutput {
    private static let tailSize = 8 << 10
    private static let longestLine = 4 << 10
    private static let linesPerSecond = 100

    private let source: String
    private let log: LogHandler
    private var kept: [UInt8] = []
    private var line: [UInt8] = []
    private var second: UInt64 = 0
    private var linesInSecond = 0
    private var leftOut = 0

    init(source: String, log: @escaping LogHandler) {
        self.source = source
        self.log = log
    }

    /// The last 8 KiB, from the beginning of a line if there is one; log lines without their levels.
    var tail: String {
        var bytes = kept.suffix(Self.tailSize)
        if bytes.count < kept.count, let newline = bytes.firstIndex(of: UInt8(ascii: "\n")) {
            bytes = bytes[(newline + 1)...]
        }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return lines.map { WorkerLog.parse(Array($0)).1 }.joined(separator: "\n")
    }

    mutating func append(_ bytes: some Collection<UInt8>, at now: MonotonicTime) {
        kept.append(contentsOf: bytes)
        if kept.count > 4 * Self.tailSize { kept.removeFirst(kept.count - 2 * Self.tailSize) }
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                forward(at: now)
            } else if line.count < Self.longestLine {
                line.append(byte)
            }
        }
    }

    /// Forwards what is left at the end.
    mutating func finish(at now: MonotonicTime) {
        if !line.isEmpty { forward(at: now) }
        reportLeftOut()
    }

    private mutating func forward(at now: MonotonicTime) {
        defer { line.removeAll(keepingCapacity: true) }
        let thisSecond = now.nanoseconds / 1_000_000_000
        if thisSecond != second {
            second = thisSecond
            linesInSecond = 0
            reportLeftOut()
        }
        guard linesInSecond < Self.linesPerSecond else {
            leftOut += 1
            return
        }
        linesInSecond += 1
        let (level, text) = WorkerLog.parse(line)
        log(LogLine(level: level, source: source, text: text))
    }

    private mutating func reportLeftOut() {
        guard leftOut > 0 else { return }
        let text = "\(leftOut) lines left out: more than \(Self.linesPerSecond) a second"
        log(LogLine(level: .warning, source: source, text: text))
        leftOut = 0
    }
}

/// How a worker's log lines travel on its stderr: `<level>where: text`.
enum WorkerLog {
    static func format(_ line: LogLine) -> [UInt8] {
        let text = "\(line.source): \(line.text)".map { $0.isNewline ? " " : $0 }
        return Array("<\(line.level.rawValue)>\(String(text))\n".utf8)
    }

    /// A line without a level, written by the plugin itself, is information.
    static func parse(_ line: [UInt8]) -> (LogLevel, String) {
        if line.count >= 3, line[0] == UInt8(ascii: "<"), line[2] == UInt8(ascii: ">"),
            let level = LogLevel(rawValue: Int32(line[1]) - Int32(UInt8(ascii: "0")))
        {
            return (level, String(decoding: line[3...], as: UTF8.self))
        }
        return (.info, String(decoding: line, as: UTF8.self))
    }
}

/// A line for the host's log; never a prompt or an output of a model.
package struct LogLine: Sendable, Equatable {
    package var level: LogLevel
    /// The model, or the part of it, that speaks.
    package var source: String
    package var text: String

    package init(level: LogLevel, source: String, text: String) {
        self.level = level
        self.source = source
        self.text = text
    }
}

package typealias LogHandler = @Sendable (LogLine) -> Void
