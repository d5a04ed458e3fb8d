import NIOCore

/// Server-sent events, as the completion routes send them.
package enum EventStream {
    static let contentType = "text/event-stream; charset=utf-8"
    static let done = ByteBuffer(string: "data: [DONE]\n\n")

    /// One event whose data is a line of JSON.
    static func event(_ json: String) -> ByteBuffer {
        ByteBuffer(string: "data: \(json)\n\n")
    }
}
