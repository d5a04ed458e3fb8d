import HTTPTypes
package import Hummingbird
package import JSON
package import NIOCore

/// Writes the events of one response.
package struct EventStream {
    private let framing: Framing
    fileprivate var writer: any ResponseBodyWriter

    fileprivate init(_ framing: Framing, _ writer: any ResponseBodyWriter) {
        self.framing = framing
        self.writer = writer
    }

    package mutating func send(_ event: JSONValue, named name: String? = nil) async throws {
        try await writer.write(framing.event(event.serialized(), named: name))
    }

    /// Sends framed data: a whole number of events.
    package mutating func send(framed events: ByteBuffer) async throws {
        try await writer.write(events)
    }
}

extension Dialect {
    /// A response with the events that `send` sends. A failure after the first byte becomes the
    /// last event.
    package func stream(
        _ context: HTTPContext, _ send: @escaping @Sendable (inout EventStream) async throws -> Void
    ) -> Response {
        context.record.note { $0.isStreaming = true }
        return Response(
            status: .ok,
            headers: [
                .contentType: framing.contentType, .cacheControl: "no-cache",
                .accelBuffering: "no",
            ],
            body: ResponseBody { writer in
                defer { context.record.end() }
                await context.channel.keepAlive(with: framing.ping)
                var events = EventStream(framing, writer)
                try await write(send, to: &events, context.record)
                writer = events.writer
                try await writer.finish(nil)
            })
    }

    private func write(
        _ send: (inout EventStream) async throws -> Void, to events: inout EventStream,
        _ record: RequestRecord
    ) async throws {
        do {
            try await send(&events)
            if let end = framing.end { try await events.send(framed: end) }
        } catch EarlyEnd.clientGone {
            record.note { $0.clientLeft = true }
            throw EarlyEnd.clientGone
        } catch {
            let error = APIError(error)
            record.note { $0.note(error) }
            try await events.send(json(of: error), named: errorEvent)
        }
    }
}
