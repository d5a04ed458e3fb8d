import Engine
import HTTPTypes
import Hummingbird
import JSON

/// How `roost open` hands an admin key to the page.
struct AdminTokenRoutes {
    /// Whoever redeems a token has shown no key yet: the body may hold a token and nothing larger.
    private let body = Body(limit: 4096)
    private let tokens = AdminTokens()

    var routes: [Route] {
        [
            Route(.post, "/admin/tokens", .admin, make),
            // The token is the permission.
            Route(.post, "/admin/tokens/redeem", .open, redeem),
        ]
    }

    private func make(_ request: Request, _ context: HTTPContext) async throws -> Response {
        guard let token = tokens.make(for: RoostDialect().keys(in: request.headers).first ?? "")
        else {
            throw APIError.overloaded(
                "too many tokens wait to be used", retryAfter: Int(AdminTokens.lifetime.inSeconds))
        }
        return Response([
            "token": .string(token), "expires_in": .integer(Int(AdminTokens.lifetime.inSeconds)),
        ])
    }

    private func redeem(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let token = try await body.fields(request).required("token")
        guard let key = tokens.redeem(token) else {
            throw APIError.forbidden(
                "the token is used up or too old; `roost open` makes a new one")
        }
        var response = Response(["key": .string(key)])
        response.headers[.cacheControl] = "no-store"
        return response
    }
}
