import HTTPTypes
import Hummingbird

/// Lets pages of the origins that the settings name call the API from a browser.
struct CrossOrigin: RouterMiddleware {
    typealias Context = HTTPContext

    /// `"*"` stands for every origin.
    let origins: [String]

    func handle(
        _ request: Request, context: HTTPContext,
        next: (Request, HTTPContext) async throws -> Response
    ) async throws -> Response {
        guard let origin = request.headers[.origin], allows(origin) else {
            return try await next(request, context)
        }
        let isPreflight = request.headers[.accessControlRequestMethod] != nil
        var response =
            request.method == .options && isPreflight
            ? Self.preflight(request) : try await next(request, context)
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = "x-request-id, x-roost-ignored, retry-after"
        response.headers.append(HTTPField(name: .vary, value: "origin"))
        return response
    }

    func allows(_ origin: String) -> Bool {
        origins.contains(origin) || origins.contains("*")
    }

    /// Allows the headers that the page asks for: clients send some of their own (`x-stainless-os`).
    private static func preflight(_ request: Request) -> Response {
        let asked = request.headers[values: .accessControlRequestHeaders].joined(separator: ", ")
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: "GET, POST, PUT, PATCH, DELETE",
                .accessControlAllowHeaders: asked.isEmpty
                    ? "authorization, content-type, x-request-id" : asked,
                .accessControlMaxAge: "600",
                .vary: "access-control-request-headers",
            ])
    }
}
