import HTTPTypes
import Hummingbird
import NIOCore

/// Server-sent events, as the routes send them.
package enum EventStream {
    static let contentType = "text/event-stream; charset=utf-8"
    static let done = ByteBuffer(string: "data: [DONE]\n\n")

    /// One event whose data is a line of JSON.
    static func event(_ json: String) -> ByteBuffer {
        ByteBuffer(string: "data: \(json)\n\n")
    }

    /// A response of the events that `send` writes, and `[DONE]` behind them. What fails after the
    /// first byte is the last event instead.
    static func response(
        _ context: HTTPContext,
        _ send: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        context.record.note { $0.isStreaming = true }
        return Response(
            status: .ok,
            headers: [
                .contentType: contentType, .cacheControl: "no-cache", .accelBuffering: "no",
            ],
            body: ResponseBody { writer in
                defer { context.record.end() }
                try await write(send, to: &writer, context.record)
                try await writer.finish(nil)
            })
    }

    private static func write(
        _ send: (inout any ResponseBodyWriter) async throws -> Void,
        to writer: inout any ResponseBodyWriter, _ record: RequestRecord
    ) async throws {
        do {
            try await send(&writer)
            try await writer.write(done)
        } catch EarlyEnd.clientGone {
            record.note { $0.clientLeft = true }
            throw EarlyEnd.clientGone
        } catch {
            let error = APIError(error)
            record.note { $0.note(error) }
            try await writer.write(event(error.json))
        }
    }
}
