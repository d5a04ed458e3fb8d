package import Engine
import Synchronization

/// A summary on its way. A text longer than the model's limit is read in parts, several at a time; their
/// summaries come in order.
package final class Summary<Events: AsyncSequence & Sendable>: Sendable
where Events.Element == GenerationEvent {
    /// A part that a model works on.
    package struct Part: Sendable {
        let events: Events
        let cancel: @Sendable () -> Void
        let release: @Sendable () -> Void

        /// - Parameter release: gives the model back, once the part is done.
        package init(
            _ events: Events, cancel: @escaping @Sendable () -> Void,
            release: @escaping @Sendable () -> Void
        ) {
            self.events = events
            self.cancel = cancel
            self.release = release
        }
    }

    private struct Running {
        var parts: [Part] = []
        var isCancelled = false
    }

    private let texts: [String]
    private let submit: @Sendable (String) async throws -> Part
    private let running = Mutex(Running())

    /// Puts the first parts into the model's queue.
    ///
    /// - Parameters:
    ///   - texts: the parts of the text.
    ///   - together: how many are read at a time.
    ///   - submit: puts one into the model's queue; throws `EngineError.overloaded` while that is full.
    package init(
        of texts: [String], together: Int,
        submit: @escaping @Sendable (String) async throws -> Part
    ) async throws {
        self.texts = texts
        self.submit = submit
        for text in texts.prefix(max(1, together)) { try await begin(text) }
    }

    /// How many parts the text is read in.
    package var parts: Int { texts.count }

    /// Between the summaries of two parts.
    private static var gap: String { "\n\n" }

    /// - Parameter emit: receives the summary as it is written.
    package func run(_ emit: (String) async throws -> Void) async throws -> WholeSummary {
        var whole = WholeSummary()
        for index in texts.indices {
            var gap = index > 0 ? Self.gap : ""
            for try await event in running.withLock({ $0.parts[index].events }) {
                switch event {
                case .text(let piece, _):
                    whole.text += gap + piece
                    try await emit(gap + piece)
                    gap = ""
                case .prompt, .mark: break  // Neither is asked for.
                case .finished(let reason, let usage):
                    if reason == .length { whole.isCut = true }
                    whole.usages.append(usage)
                }
            }
            try await goOn(after: index)
        }
        return whole
    }

    /// Ends the work on all parts.
    package func cancel() {
        let parts = running.withLock { running in
            running.isCancelled = true
            return running.parts
        }
        for part in parts { part.cancel() }
    }

    /// Gives back the model of a part that is done, and submits the next; if others have filled the queue
    /// meanwhile, once there is room.
    private func goOn(after index: Int) async throws {
        let begun = running.withLock { running in
            running.parts[index].release()
            return running.parts.count
        }
        guard begun < texts.count else { return }
        while true {
            do {
                return try await begin(texts[begun])
            } catch EngineError.overloaded(_, let retryAfter) {
                try await Task.sleep(for: retryAfter)
                // Nobody waits for the rest.
                if running.withLock({ $0.isCancelled }) { throw CancellationError() }
            }
        }
    }

    private func begin(_ text: String) async throws {
        let part = try await submit(text)
        let isCancelled = running.withLock { running in
            running.parts.append(part)
            return running.isCancelled
        }
        if isCancelled { part.cancel() }
    }
}

/// A summary that is done.
package struct WholeSummary: Sendable, Equatable {
    package internal(set) var text = ""
    /// A part's summary reached its longest.
    package internal(set) var isCut = false
    /// What each part cost.
    package internal(set) var usages: [Usage] = []
}
