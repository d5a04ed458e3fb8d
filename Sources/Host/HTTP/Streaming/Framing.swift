package import NIOCore

/// How the events of a stream are told apart.
package enum Framing: Sendable {
    /// Server-sent events (WHATWG HTML, section 9.2).
    ///
    /// - Parameters:
    ///   - end: a block behind the last event, where an API has one.
    ///   - ping: a block that is written into a long silence; in most APIs a comment.
    case serverSentEvents(end: String = "", ping: String = ": ping\n\n")
    /// A line of JSON each (application/x-ndjson).
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

    /// What ends a stream that came to its end; nil where its last event does.
    package var end: ByteBuffer? {
        guard case .serverSentEvents(let end, _) = self, !end.isEmpty else { return nil }
        return ByteBuffer(string: end)
    }

    /// What keeps a silent stream alive; nil where there is no place for that.
    package var ping: ByteBuffer? {
        guard case .serverSentEvents(_, let ping) = self else { return nil }
        return ByteBuffer(string: ping)
    }
}
