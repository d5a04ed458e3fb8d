import CHostShims
import Glibc

/// Threads for code that blocks, which Swift's cooperative pool must never run.
package enum BlockingThread {
    /// Plugins may recurse and keep arrays on the stack, as in a main thread.
    package static let stackSize = 8 << 20

    /// Runs `body` on a new thread of its own.
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Box(name: name, body: body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, stackSize)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let status = pthread_create(&thread, &attributes, run, box.toOpaque())
        pthread_attr_destroy(&attributes)
        if status != 0 {
            // Out of threads: the work is done late rather than never.
            box.release()
            body()
        }
    }

    /// Runs `body` on a thread of its own and awaits what it returns.
    package static func run<Result: Sendable>(
        _ name: String, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            start(name) { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    /// Runs `body`, which cannot fail, on a thread of its own and awaits its end.
    package static func run<Result: Sendable>(
        _ name: String, _ body: @escaping @Sendable () -> Result
    ) async -> Result {
        await withCheckedContinuation { continuation in
            start(name) { continuation.resume(returning: body()) }
        }
    }

    /// Blocks until `body` has been run for each element, some at a time on threads of their own.
    ///
    /// - Returns: what it returned, in order.
    package static func map<Element: Sendable, Result: Sendable>(
        _ name: String, _ elements: [Element], limit: Int,
        _ body: @escaping @Sendable (Element) -> Result
    ) -> [Result] {
        let work = Monitor((next: 0, results: [Int: Result]()))
        for _ in 0..<min(limit, elements.count) {
            start(name) {
                while let index = work.withLock({ work -> Int? in
                    defer { work.next += 1 }
                    return work.next < elements.count ? work.next : nil
                }) {
                    let result = body(elements[index])
                    work.withLock { $0.results[index] = result }
                }
            }
        }
        return work.wait { $0.results.count == elements.count ? $0.results : nil }
            .map { results in elements.indices.compactMap { results[$0] } } ?? []
    }

    private final class Box: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private static let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? =
        {
            guard let pointer = $0 else { return nil }
            let box = Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue()
            roost_name_thread(box.name)
            box.body()
            return nil
        }
}

/// A thread that never ends and runs what it is given, one thing after the other.
final class SerialThread: Sendable {
    private let jobs = Monitor<[@Sendable () -> Void]>([])

    init(_ name: String) {
        BlockingThread.start(name) { [jobs] in
            while let job = jobs.wait(until: { $0.isEmpty ? nil : $0.removeFirst() }) { job() }
        }
    }

    /// Runs `body` on the thread and waits for what it returns.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        let outcome = Monitor<Result<Value, any Error>?>(nil)
        jobs.withLock {
            $0.append {
                let result = Result { try body() }
                outcome.withLock { $0 = result }
            }
        }
        guard let result = outcome.wait(until: { $0 }) else {
            throw ModelFailure.unavailable(reason: "the thread has ended", retryAfter: nil)
        }
        return try result.get()
    }
}
