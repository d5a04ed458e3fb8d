import Host
import Hummingbird
import JSON

/// An API in the shape of Anthropic's: a key header of its own, named events, pings that are events.
struct NamedEventDialect: Dialect {
    var keyHeaders: [KeyHeader] { [.field(.apiKey)] }
    var framing: Framing {
        .serverSentEvents(ping: "event: ping\ndata: {\"type\": \"ping\"}\n\n")
    }
    var errorEvent: String? { "error" }

    func status(of error: APIError) -> Int {
        if case .overloaded = error { 529 } else { error.status }
    }

    func json(of error: APIError) -> JSONValue {
        let type =
            switch error.status {
            case 401: "authentication_error"
            case 404: "not_found_error"
            case 400..<500: "invalid_request_error"
            default: "api_error"
            }
        return [
            "type": "error",
            "error": ["type": .string(type), "message": .string(error.description)],
        ]
    }

    func routes(on backend: Backend) -> [Route] {
        [
            Route(.post, "/v1/messages", .inference) { request, context in
                let fails = request.uri.queryParameters["fails"] != nil
                let pauses = request.uri.queryParameters["pauses"] != nil
                return stream(context) { events in
                    try await events.send(["type": "message_start"], named: "message_start")
                    if pauses { try await Task.sleep(for: .milliseconds(500)) }
                    if fails { throw APIError.refused("no more") }
                    try await events.send(["type": "message_stop"], named: "message_stop")
                }
            }
        ]
    }
}

/// An API in the shape of Ollama's: lines of JSON, and an error that is a sentence.
struct LineDialect: Dialect {
    var framing: Framing { .jsonLines }

    func json(of error: APIError) -> JSONValue { ["error": .string(error.description)] }

    func routes(on backend: Backend) -> [Route] {
        [
            Route(.post, "/api/chat", .inference) { request, context in
                let fails = request.uri.queryParameters["fails"] != nil
                return stream(context) { events in
                    try await events.send(["done": false])
                    if fails { throw APIError.refused("no more") }
                    try await events.send(["done": true])
                }
            }
        ]
    }
}
