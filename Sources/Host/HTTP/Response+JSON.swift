import Hummingbird
import JSON
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

    /// An answer that may be megabytes: it is put together and written off the cooperative pool.
    static func long(_ json: @escaping @Sendable () -> JSONValue) async -> Response {
        Response(json: await BlockingThread.run("roost-write") { json().serialized() })
    }

    init(_ error: APIError) {
        self.init(status: .init(code: error.status), json: error.json)
        if let seconds = error.retryAfter { headers[.retryAfter] = String(seconds) }
        if case .methodNotAllowed(_, let allowed) = error {
            headers[.allow] = allowed.joined(separator: ", ")
        }
        if case .unsupportedCoding = error { headers[.acceptEncoding] = ContentCoding.accepted }
        if error.status == 401 { headers[.wwwAuthenticate] = "Bearer" }
    }
}
