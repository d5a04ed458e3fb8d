package import NIOCore

/// How the events of a stream are framed.
package enum Framing: Sendable {
    /// Server-sent events (WHATWG HTML, section 9.2).
    ///
    /// - Parameters:
    ///   - end: a block after the last event, if the API has one.
    ///   - ping: a block written during a long silence; in most APIs a comment.
    case serverSentEvents(end: String = "", ping: String = ": ping\n\n")
    /// One JSON object per line (application/x-ndjson).
    case jsonLines

    package var contentType: String {
        switch self {
        case .serverSentEvents: "text/event-stream; charset=utf-8"
        case .jsonLines: "application/x-ndjson"
        }
    }

    /// One event.
    ///
    /// - Parameters:
    ///   - json: its data, a line.
    ///   - name: what a server-sent event is named.
    package func event(_ json: String, named name: String? = nil) -> ByteBuffer {
        switch self {
        case .serverSentEvents:
            ByteBuffer(string: (name.map { "event: \($0)\n" } ?? "") + "data: \(json)\n\n")
        case .jsonLines: ByteBuffer(string: json + "\n")
        }
    }

    /// Ends a complete stream; nil if its last event does.
    package var end: ByteBuffer? {
        guard case .serverSentEvents(let end, _) = self, !end.isEmpty else { return nil }
        return ByteBuffer(string: end)
    }

    /// Keeps a silent stream alive; nil if the format has nothing for that.
    package var ping: ByteBuffer? {
        guard case .serverSentEvents(_, let ping) = self else { return nil }
        return ByteBuffer(string: ping)
    }
}
