import PluginABI
import Synchronization

/// Takes what a plugin puts out, up to a limit.
struct OutputSink {
    private struct Content {
        var bytes: [UInt8] = []
        var failure: String?

        mutating func put(_ pointer: UnsafeRawPointer?, _ length: UInt64, limit: Int) -> Int32 {
            if failure != nil { return 1 }
            guard length <= UInt64(limit - bytes.count) else {
                failure = "more than \(limit) bytes of output"
                return 1
            }
            guard let pointer, length > 0 else {
                if length > 0 { failure = "\(length) bytes of output at null" }
                return length > 0 ? 1 : 0
            }
            bytes.append(contentsOf: UnsafeRawBufferPointer(start: pointer, count: Int(length)))
            return 0
        }
    }

    /// Several threads of the plugin may write concurrently.
    private final class Buffer: Sendable {
        let content = Mutex(Content())
        let limit: Int

        init(limit: Int) { self.limit = limit }

        func put(_ pointer: UnsafeRawPointer?, _ length: UInt64) -> Int32 {
            nonisolated(unsafe) let pointer = pointer
            return content.withLock { $0.put(pointer, length, limit: limit) }
        }
    }

    /// Collects what `body` puts into the sink it is given.
    ///
    /// - Throws: what `body` throws, and `.broken` for output beyond `limit` bytes.
    static func collect(
        _ step: CallStep, limit: Int, _ body: (roost_sink) throws -> Void
    ) throws -> [UInt8] {
        let buffer = Buffer(limit: limit)
        let outcome = Result {
            try withExtendedLifetime(buffer) {
                try body(
                    roost_sink(ctx: Unmanaged.passUnretained(buffer).toOpaque()) {
                        context, bytes, length in
                        guard let context else { return 1 }
                        return Unmanaged<Buffer>.fromOpaque(context).takeUnretainedValue()
                            .put(bytes, length)
                    })
            }
        }
        let content = buffer.content.withLock { $0 }
        if let failure = content.failure {
            throw ModelFailure.broken(step: step.name, reason: failure)
        }
        try outcome.get()
        return content.bytes
    }
}
