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
