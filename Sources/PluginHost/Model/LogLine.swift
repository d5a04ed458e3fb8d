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
