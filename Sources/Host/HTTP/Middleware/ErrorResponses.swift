import Hummingbird
import Logging

/// Turns what a route throws into an error object with its status.
struct ErrorResponses: RouterMiddleware {
    typealias Context = HTTPContext

    let table: RouteTable
    let logger: Logger

    func handle(
        _ request: Request, context: HTTPContext,
        next: (Request, HTTPContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let error = apiError(error, request, context)
            let dialect = table.dialect(of: request)
            context.record.note { facts in
                facts.note(error)
                facts.idHeader = dialect.requestIDHeader
            }
            return Response(error, in: dialect)
        }
    }

    private func apiError(_ error: any Error, _ request: Request, _ context: HTTPContext)
        -> APIError
    {
        if let error = error as? HTTPError, error.status == .notFound { return wrongRoute(request) }
        if error is CancellationError { context.record.note { $0.clientLeft = true } }
        let isAdmin = request.uri.path.hasPrefix("/admin/")
        let translated = isAdmin ? APIError(whole: error) : APIError(error)
        let words: Logger.Message? =
            switch translated {
            case .broken: "unexpected error"
            case .storageFull, .storageFailed: "what is kept cannot be read or written"
            default: nil
            }
        if let words {
            logger.error(words, metadata: ["error": "\(error)", "id": "\(context.record.id)"])
        }
        return translated
    }

    /// A path that exists with other methods is 405, any other 404.
    private func wrongRoute(_ request: Request) -> APIError {
        let allowed = table.methods(at: request.uri.path)
        let method = request.method.rawValue
        if allowed.isEmpty {
            return .unknownRoute(method: method, path: String(request.uri.path.prefix(200)))
        }
        return .methodNotAllowed(method: method, allowed: allowed)
    }
}
