import Engine
import Hummingbird
import NIOCore
import PluginHost

/// Reads the bodies of requests.
struct Body {
    /// The most bytes that a body may have.
    let limit: Int

    /// How deep arrays and objects may nest.
    private static let depth = 64

    /// - Throws: `APIError` for a body that is too large, not JSON or not an object.
    func fields(_ request: Request) async throws -> Fields {
        let buffer = try await bytes(request)
        guard buffer.readableBytes > Self.large else { return Fields(try Self.object(buffer)) }
        return Fields(try await BlockingThread.run("roost-parse") { try Self.object(buffer) })
    }

    /// A body above this is read on a thread of its own, so that small requests do not wait for it.
    private static let large = 1 << 20

    private static func object(_ buffer: ByteBuffer) throws -> JSONObject {
        do {
            let value = try JSONValue(parsing: buffer.readableBytesView, depth: depth)
            guard let object = value.object else { throw APIError.notAnObject(found: value.kind) }
            return object
        } catch let error as JSONError {
            if case .invalidUTF8 = error { throw APIError.notUTF8 }
            throw APIError.notJSON(String(describing: error))
        }
    }

    /// As `fields`; a request without a body is an empty object.
    func optionalFields(_ request: Request) async throws -> Fields {
        if request.headers[.contentLength] == "0" { return Fields(JSONObject()) }
        let chunked = request.headers[.transferEncoding] != nil
        let hasBody = request.headers[.contentLength] != nil || chunked
        return hasBody ? try await fields(request) : Fields(JSONObject())
    }

    private func bytes(_ request: Request) async throws -> ByteBuffer {
        let announced = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        var buffer = ByteBuffer()
        buffer.reserveCapacity(min(announced, limit))
        var total = 0
        for try await var part in request.body {
            total += part.readableBytes
            if total <= limit { buffer.writeBuffer(&part) }
            // Reading a little further lets an honest client finish and see the answer.
            if total > limit + Self.patience { break }
        }
        guard total <= limit else { throw APIError.bodyTooLarge(limit: limit) }
        return buffer
    }

    private static let patience = 64 << 20
}
