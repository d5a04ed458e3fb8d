import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The output of a serving host: its log on standard error, a few lines for people on standard
/// output.
struct HostOutput: Sendable {
    let logger: Logger
    private let log: LineWriter
    private let speech: LineWriter

    /// How long readers have for the last lines.
    private static let lastLines = Duration.seconds(1)

    init(_ format: Settings.LogFormat) {
        let isText = format == .text || (format == .auto && StandardError.isTerminal)
        let format = isText ? LineLogHandler.Format.text : .json
        let log = LineWriter(STDERR_FILENO) { LogEntry.dropped($0).line(format) }
        self.log = log
        logger = Logger(label: "roost") { _ in LineLogHandler(format: format, writer: log) }
        speech = LineWriter(STDOUT_FILENO) { "\($0) lines were dropped" }
    }

    /// Writes a line for people.
    func say(_ line: String) {
        speech.write(line)
    }

    /// Writes the rest, as far as somebody reads it.
    func finish() async {
        await speech.finish(within: Self.lastLines)
        await log.finish(within: Self.lastLines)
    }
}
