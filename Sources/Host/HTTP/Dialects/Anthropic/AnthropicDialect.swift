import HTTPTypes
import JSON
import NIOCore

/// The Messages API of Anthropic.
struct AnthropicDialect: Dialect {
    var keyHeaders: [KeyHeader] { [.field(.apiKey), .bearer] }
    var requestIDHeader: HTTPField.Name { .anthropicRequestID }
    var framing: Framing {
        .serverSentEvents(ping: "event: ping\ndata: {\"type\": \"ping\"}\n\n")
    }
    var errorEvent: String? { "error" }

    /// Its clients all send the version of the API.
    func isNamed(by headers: HTTPFields) -> Bool { headers[.anthropicVersion] != nil }

    /// A full queue is not the client's rate.
    func status(of error: APIError) -> Int {
        if case .overloaded = error { 529 } else { error.status }
    }

    /// `{"type": "error", "error": {"type", "message"}}`
    func json(of error: APIError) -> JSONValue {
        [
            "type": "error",
            "error": [
                "type": .string(type(of: error)), "message": .string(error.description),
            ],
        ]
    }

    private func type(of error: APIError) -> String {
        switch status(of: error) {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 409: "conflict_error"
        case 413: "request_too_large"
        case 504: "timeout_error"
        case 529: "overloaded_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }

    func routes(on backend: Backend) -> [Route] {
        MessageRoutes(backend: backend).routes + AnthropicModelRoutes(models: backend.models).routes
    }
}

extension AnthropicDialect {
    /// One event, named as its type.
    func event(_ type: String, _ members: JSONObject = JSONObject()) -> ByteBuffer {
        var event = JSONObject([(key: "type", value: .string(type))])
        for member in members.members { event[member.key] = member.value }
        return framing.event(JSONValue.object(event).serialized(), named: type)
    }
}

extension HTTPField.Name {
    static let anthropicVersion = HTTPField.Name("anthropic-version")!
    static let anthropicRequestID = HTTPField.Name("request-id")!
}
