/// A line for the host's log; never a prompt or an output of a model.
package struct LogLine: Sendable, Equatable {
    /// `ROOST_LOG_*`.
    package enum Level: Int32, Sendable {
        case error = 0
        case warning = 1
        case info = 2
        case debug = 3
    }

    package var level: Level
    /// The model, or the part of it, that speaks.
    package var source: String
    package var text: String

    package init(level: Level, source: String, text: String) {
        self.level = level
        self.source = source
        self.text = text
    }
}

package typealias LogHandler = @Sendable (LogLine) -> Void
