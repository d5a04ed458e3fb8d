import Hummingbird
import JSON
package import NIOCore
import PluginHost

extension Response {
    static let jsonType = "application/json; charset=utf-8"

    init(status: HTTPResponse.Status = .ok, _ json: JSONValue) {
        self.init(status: status, json: json.serialized())
    }

    init(status: HTTPResponse.Status = .ok, json: String) {
        self.init(status: status, json: ByteBuffer(string: json))
    }

    init(status: HTTPResponse.Status = .ok, json: ByteBuffer) {
        self.init(
            status: status, headers: [.contentType: Self.jsonType],
            body: ResponseBody(byteBuffer: json))
    }

    /// An answer that may be megabytes: it is built and written off the cooperative pool.
    static func long(_ json: @escaping @Sendable () -> JSONValue) async -> Response {
        Response(json: await BlockingThread.run("roost-write") { json().serialized() })
    }

    init(_ error: APIError, in dialect: any Dialect) {
        self.init(status: .init(code: dialect.status(of: error)), dialect.json(of: error))
        if let seconds = error.retryAfter { headers[.retryAfter] = String(seconds) }
        if case .methodNotAllowed(_, let allowed) = error {
            headers[.allow] = allowed.joined(separator: ", ")
        }
        if case .unsupportedCoding = error { headers[.acceptEncoding] = ContentCoding.accepted }
        if error.status == 401 { headers[.wwwAuthenticate] = "Bearer" }
    }
}

extension JSONValue {
    static func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
    static func optional(_ number: Int?) -> JSONValue { number.map { .integer($0) } ?? .null }
}

extension Float {
    /// The number with the digits that a float has, not those of its bits in a double.
    var decimal: Double { Double(description) ?? Double(self) }
}

/// Writes JSON by hand for output that is written for every token.
package enum JSONText {
    /// Appends `text` as the inside of a JSON string, without the quotes.
    package static func escape(_ text: String, into buffer: inout ByteBuffer) {
        JSONEscapes.write(text) { buffer.writeBytes($0) }
    }
}
