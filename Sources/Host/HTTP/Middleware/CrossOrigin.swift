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
            ? Self.preflight : try await next(request, context)
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = "x-request-id, x-roost-ignored, retry-after"
        response.headers.append(HTTPField(name: .vary, value: "origin"))
        return response
    }

    func allows(_ origin: String) -> Bool {
        origins.contains(origin) || origins.contains("*")
    }

    private static var preflight: Response {
        Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: "GET, POST, PUT, PATCH, DELETE",
                .accessControlAllowHeaders: "authorization, content-type, x-request-id",
                .accessControlMaxAge: "600",
            ])
    }
}
