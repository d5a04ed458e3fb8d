import PluginABI

/// Takes what a plugin puts out, up to a limit.
struct OutputSink {
    private final class Buffer {
        var bytes: [UInt8] = []
        let limit: Int
        var failure: String?

        init(limit: Int) { self.limit = limit }

        func put(_ pointer: UnsafeRawPointer?, _ length: UInt64) -> Int32 {
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
        if let failure = buffer.failure {
            throw ModelFailure.broken(step: step.name, reason: failure)
        }
        try outcome.get()
        return buffer.bytes
    }
}
