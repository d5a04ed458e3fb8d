import Synchronization

/// The bytes of large bodies that may be held at a time; whoever finds none left waits, in turn.
package final class ByteBudget: Sendable {
    private struct Waiter {
        let id: Int
        let bytes: Int
        let answer: AsyncStream<Bool>.Continuation
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

    /// Bytes of the budget, given back when nobody holds this any more.
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
        let (answers, answer) = AsyncStream<Bool>.makeStream()
        guard let id = enter(bytes, answer) else { return Share(self, bytes) }
        let timer = Task { [patience] in
            try await Task.sleep(for: patience)
            self.leave(id)?.yield(false)
        }
        defer { timer.cancel() }
        for await isGranted in answers {
            if isGranted { return Share(self, bytes) }
            throw APIError.overloaded(
                "too many large bodies are being read; retry in a moment", retryAfter: 5)
        }
        // Cancelled; perhaps a moment after the bytes were granted.
        if leave(id) == nil { give(bytes) }
        throw CancellationError()
    }

    /// - Returns: the place in the line, or nil where there are bytes at once.
    private func enter(_ bytes: Int, _ answer: AsyncStream<Bool>.Continuation) -> Int? {
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

    /// - Returns: nil for whoever no longer waits.
    private func leave(_ id: Int) -> AsyncStream<Bool>.Continuation? {
        state.withLock { state in
            guard let place = state.waiting.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiting.remove(at: place).answer
        }
    }

    private func give(_ bytes: Int) {
        let granted = state.withLock { state -> [Waiter] in
            state.free += bytes
            var granted: [Waiter] = []
            while let first = state.waiting.first, state.free >= first.bytes {
                state.free -= first.bytes
                granted.append(state.waiting.removeFirst())
            }
            return granted
        }
        for waiter in granted { waiter.answer.yield(true) }
    }
}
