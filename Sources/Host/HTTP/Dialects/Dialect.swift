package import HTTPTypes
package import JSON

/// One API that the host speaks: its routes, and what holds for all of them.
///
/// A dialect is a folder beside this file and a line in `Dialects.all`. Defaults are OpenAI's,
/// which most other APIs have adopted.
package protocol Dialect: Sendable {
    /// Where a request may bring its key.
    var keyHeaders: [KeyHeader] { get }
    /// The header that names a request in its response, beside `x-request-id`.
    var requestIDHeader: HTTPField.Name { get }
    /// How the events of a stream are framed.
    var framing: Framing { get }
    /// The name of the event that ends a stream which fails.
    var errorEvent: String? { get }
    /// The status of a response with only this error.
    func status(of error: APIError) -> Int
    /// The body of that response; in a stream that fails it is the last event.
    func json(of error: APIError) -> JSONValue
    func routes(on backend: Backend) -> [Route]
    /// Whether a request says by its headers that it is of this API, for a path that others have too.
    func isNamed(by headers: HTTPFields) -> Bool
}

/// The APIs that the host speaks. The first one answers paths that belong to none.
package enum Dialects {
    package static let all: [any Dialect] = [
        OpenAIDialect(), ResponsesDialect(), AnthropicDialect(), OllamaDialect(), LlamaCppDialect(),
        TEIDialect(), KServeDialect(), RerankDialect(),
        RoostDialect(),
    ]
}

extension Dialect {
    package var keyHeaders: [KeyHeader] { [.bearer, .field(.apiKey), .field(.azureKey)] }
    package var requestIDHeader: HTTPField.Name { .requestID }
    package var framing: Framing { .serverSentEvents() }
    package var errorEvent: String? { nil }
    package func isNamed(by headers: HTTPFields) -> Bool { false }

    package func status(of error: APIError) -> Int { error.status }

    /// `{"error": {"message", "type", "param", "code"}}`
    package func json(of error: APIError) -> JSONValue { ["error": .object(error.members)] }

    /// The keys that a request brings.
    func keys(in headers: HTTPFields) -> [String] {
        keyHeaders.compactMap { $0.key(in: headers) }.filter { !$0.isEmpty }
    }
}

extension APIError {
    /// OpenAI's members of an error.
    var members: JSONObject {
        JSONObject([
            (key: "message", value: .string(description)), (key: "type", value: .string(type)),
            (key: "param", value: .optional(param)), (key: "code", value: .optional(code)),
        ])
    }
}

/// A header that brings a key.
package enum KeyHeader: Sendable {
    /// `Authorization: Bearer KEY`
    case bearer
    /// A header that holds only the key.
    case field(HTTPField.Name)

    func key(in headers: HTTPFields) -> String? {
        switch self {
        case .field(let name): return headers[name]?.trimmed
        case .bearer:
            let parts = (headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
            return parts[1].trimmed
        }
    }

    /// As a client would write it.
    var example: String {
        switch self {
        case .bearer: "Authorization: Bearer KEY"
        case .field(let name): "\(name): KEY"
        }
    }
}
