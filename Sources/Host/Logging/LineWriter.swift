import PluginHost

/// Writes lines to a descriptor on a thread of its own, so that nobody waits for their reader.
///
/// If the reader is slow and the buffer full, lines are dropped and counted; a separate line
/// reports the number once there is space again.
package final class LineWriter: Sendable {
    fileprivate struct State {
        var lines: [String] = []
        var bytes = 0
        var dropped = 0
        var isWriting = false
        var isFinished = false
    }

    fileprivate enum Work {
        case write(String)
        case end
    }

    private let state = Monitor(State())
    private let capacity: Int
    private let descriptor: Int32
    private let tellDropped: @Sendable (Int) -> String

    /// - Parameters:
    ///   - capacity: bytes of lines that may wait.
    ///   - tellDropped: the line that tells how many were dropped.
    package init(
        _ descriptor: Int32, capacity: Int = 1 << 18,
        tellDropped: @escaping @Sendable (Int) -> String
    ) {
        self.descriptor = descriptor
        self.capacity = capacity
        self.tellDropped = tellDropped
        BlockingThread.start("roost-log") { [self] in run() }
    }

    /// Returns at once.
    package func write(_ line: String) {
        state.withLock { state in
            guard state.bytes + line.utf8.count < capacity, !state.isFinished else {
                state.dropped += 1
                return
            }
            state.lines.append(line)
            state.bytes += line.utf8.count + 1
        }
    }

    /// Ends the thread once all is written, and waits for that, but no longer than `limit`.
    package func finish(within limit: Duration) async {
        await BlockingThread.run("roost-log-end") { [state] in
            state.withLock { $0.isFinished = true }
            _ = state.wait(atMost: limit) { $0.lines.isEmpty && !$0.isWriting ? true : nil }
        }
    }

    private func run() {
        while true {
            let work = state.wait { [tellDropped] in $0.next(tellDropped) }
            guard case .write(let text) = work else { return }
            StandardStream.write(text, to: descriptor)
            state.withLock { $0.isWriting = false }
        }
    }
}

extension LineWriter.State {
    /// Takes all that waits; nil while there is nothing to do.
    fileprivate mutating func next(_ tellDropped: (Int) -> String) -> LineWriter.Work? {
        if dropped > 0 { lines.append(tellDropped(dropped)) }
        guard !lines.isEmpty else { return isFinished ? .end : nil }
        defer {
            (lines, bytes, dropped) = ([], 0, 0)
            isWriting = true
        }
        return .write(lines.map { $0 + "\n" }.joined())
    }
}
