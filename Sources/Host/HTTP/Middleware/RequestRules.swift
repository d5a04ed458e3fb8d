import HTTPTypes
import Hummingbird

/// Refuses requests that must be refused by RFC 9112, because two readers could understand them
/// differently.
struct RequestRules: RouterMiddleware {
    typealias Context = HTTPContext

    func handle(
        _ request: Request, context: HTTPContext,
        next: (Request, HTTPContext) async throws -> Response
    ) async throws -> Response {
        // The first one is the request's authority (section 3.2).
        guard request.head.authority != nil else {
            throw APIError.malformed("the request names no host, expected a Host header")
        }
        if request.headers[.furtherHost] != nil {
            throw APIError.malformed(
                "the request names two hosts, expected one Host header, equal to the target's host")
        }
        let codings = request.headers[values: .transferEncoding]
        if !codings.isEmpty, codings.count > 1 || codings[0].lowercased() != "chunked" {
            throw APIError.unknownCoding(String(codings.joined(separator: ", ").prefix(64)))
        }
        return try await next(request, context)
    }
}
