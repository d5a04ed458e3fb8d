import NIOCore
import Synchronization

/// The requests in progress: how many there are, and which can be ended early.
package final class Workload: Sendable {
    fileprivate struct State {
        var requests = 0
        var isDraining = false
        /// The remaining work has been ended; new work is ended at once.
        var isCut = false
        var nextID: UInt64 = 0
        var endings: [UInt64: @Sendable () -> Void] = [:]
        var whenIdle: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var isDraining: Bool { state.withLock(\.isDraining) }
    package var requests: Int { state.withLock(\.requests) }

    func begin() {
        state.withLock { $0.requests += 1 }
    }

    func end() {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.requests -= 1
            return state.takeWaitingIfIdle()
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Refuses new work from now on and returns when the last request has ended.
    package func drain() async {
        await withCheckedContinuation { continuation in
            let waiting = state.withLock { state in
                state.isDraining = true
                state.whenIdle.append(continuation)
                return state.takeWaitingIfIdle()
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    /// Ends the work that is left.
    package func cut() {
        let endings = state.withLock { state in
            state.isDraining = true
            state.isCut = true
            defer { state.endings = [:] }
            return state.endings
        }
        for ending in endings.values { ending() }
    }

    fileprivate func register(_ ending: @escaping @Sendable () -> Void) -> UInt64 {
        let (id, isCut) = state.withLock { state in
            state.nextID += 1
            if !state.isCut { state.endings[state.nextID] = ending }
            return (state.nextID, state.isCut)
        }
        if isCut { ending() }
        return id
    }

    fileprivate func forget(_ id: UInt64) {
        state.withLock { $0.endings[id] = nil }
    }
}

extension Workload.State {
    fileprivate mutating func takeWaitingIfIdle() -> [CheckedContinuation<Void, Never>] {
        guard requests == 0 else { return [] }
        defer { whenIdle = [] }
        return whenIdle
    }
}

/// Why work ended before it was done.
enum EarlyEnd: Error {
    /// The client has left.
    case clientGone
    case hostStopping
}

extension Workload {
    /// Runs `operation`; calls `cancel` when the client of `channel` goes away and when the host stops.
    ///
    /// - Parameter channel: nil for work that goes on without its client.
    /// - Throws: `EarlyEnd` if the operation failed after one of the two.
    func run<Value>(
        for channel: (any Channel)?, cancel: @escaping @Sendable () -> Void,
        _ operation: () async throws -> Value
    ) async throws -> Value {
        let reason = EndReason()
        let id = register {
            reason.set(.hostStopping)
            cancel()
        }
        channel?.whenClientLeaves(id) {
            reason.set(.clientGone)
            cancel()
        }
        defer {
            forget(id)
            channel?.forgetClient(id)
        }
        do {
            return try await operation()
        } catch {
            throw reason.value ?? error
        }
    }

    /// As above, with an operation that ends early when its task is cancelled.
    func run<Value: Sendable>(
        for channel: any Channel, _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await operation() }
        return try await run(for: channel, cancel: { task.cancel() }) { try await task.value }
    }

    /// The first reason counts.
    private final class EndReason: Sendable {
        private let first = Mutex<EarlyEnd?>(nil)

        var value: EarlyEnd? { first.withLock { $0 } }

        func set(_ reason: EarlyEnd) {
            first.withLock { $0 = $0 ?? reason }
        }
    }
}

extension Channel {
    fileprivate func whenClientLeaves(_ id: UInt64, _ body: @escaping @Sendable () -> Void) {
        eventLoop.execute { [pipeline] in
            guard let watch = try? pipeline.syncOperations.handler(type: ConnectionWatch.self)
            else {
                return body()
            }
            watch.listen(id, body)
        }
    }

    fileprivate func forgetClient(_ id: UInt64) {
        eventLoop.execute { [pipeline] in
            try? pipeline.syncOperations.handler(type: ConnectionWatch.self).forget(id)
        }
    }
}
