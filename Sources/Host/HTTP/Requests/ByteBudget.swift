import Synchronization

/// The bytes of large bodies that may be held at a time; a request that finds none left waits its
/// turn.
package final class ByteBudget: Sendable {
    private struct Waiter {
        let id: Int
        let bytes: Int
        let answer: AsyncStream<Void>.Continuation
    }

    private struct State {
        var free: Int
        var waiting: [Waiter] = []
        var nextID = 0
    }

    private let total: Int
    private let patience: Duration
    private let state: Mutex<State>

    package init(_ total: Int, patience: Duration = .seconds(30)) {
        self.total = total
        self.patience = patience
        state = Mutex(State(free: total))
    }

    /// How many wait.
    package var waiting: Int { state.withLock { $0.waiting.count } }

    /// Bytes of the budget, returned when this is released.
    package final class Share: Sendable {
        private let budget: ByteBudget
        private let bytes: Int

        fileprivate init(_ budget: ByteBudget, _ bytes: Int) {
            self.budget = budget
            self.bytes = bytes
        }

        deinit {
            budget.give(bytes)
        }
    }

    /// - Throws: `APIError.overloaded` when none come free in time, `CancellationError`.
    package func take(_ bytes: Int) async throws -> Share {
        let bytes = min(bytes, total)
        let (answers, answer) = AsyncStream<Void>.makeStream()
        guard let id = enter(bytes, answer) else { return Share(self, bytes) }
        let timer = Task { [patience] in
            try await Task.sleep(for: patience)
            answer.yield()
        }
        defer { timer.cancel() }
        var isCancelled = true
        for await _ in answers {
            isCancelled = false
            break
        }
        // The bytes may have been granted just before the time-out, or before the task was
        // cancelled.
        let share = leave(id) ? nil : Share(self, bytes)
        if isCancelled { throw CancellationError() }
        guard let share else {
            throw APIError.overloaded(
                "too many large bodies are being read; retry in a moment", retryAfter: 5)
        }
        return share
    }

    /// - Returns: the position in the queue, or nil if there are bytes at once.
    private func enter(_ bytes: Int, _ answer: AsyncStream<Void>.Continuation) -> Int? {
        state.withLock { state in
            if state.waiting.isEmpty, state.free >= bytes {
                state.free -= bytes
                return nil
            }
            state.nextID += 1
            state.waiting.append(Waiter(id: state.nextID, bytes: bytes, answer: answer))
            return state.nextID
        }
    }

    /// - Returns: whether it was still waiting; otherwise it has been granted the bytes.
    private func leave(_ id: Int) -> Bool {
        change { state in
            let waiting = state.waiting.count
            state.waiting.removeAll { $0.id == id }
            return state.waiting.count < waiting
        }
    }

    private func give(_ bytes: Int) {
        change { $0.free += bytes }
    }

    /// Grants what is free after `body` to the head of the queue.
    private func change<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        let (value, granted) = state.withLock { state in
            let value = body(&state)
            var granted: [Waiter] = []
            while let first = state.waiting.first, state.free >= first.bytes {
                state.free -= first.bytes
                granted.append(state.waiting.removeFirst())
            }
            return (value, granted)
        }
        for waiter in granted { waiter.answer.yield() }
        return value
    }
}
