import Hummingbird

/// Refuses new requests once the host is stopping; probes and metrics are still answered.
struct DrainGate: RouterMiddleware {
    typealias Context = HTTPContext

    let workload: Workload

    func handle(
        _ request: Request, context: HTTPContext,
        next: (Request, HTTPContext) async throws -> Response
    ) async throws -> Response {
        if workload.isDraining, !Self.answered.contains(request.uri.path) {
            throw APIError.stopping
        }
        return try await next(request, context)
    }

    private static let answered: Set<String> = ["/healthz", "/health", "/readyz", "/metrics"]
}
