import Engine
import HTTPTypes
import Hummingbird
import Logging

/// Gives every request an id, counts it, and writes its line of the log when it has ended.
struct RequestLog: RouterMiddleware {
    typealias Context = HTTPContext

    let metrics: HTTPMetrics
    let workload: Workload
    let logger: Logger

    func handle(
        _ request: Request, context: HTTPContext,
        next: (Request, HTTPContext) async throws -> Response
    ) async throws -> Response {
        let id = Self.id(of: request)
        context.record.note { $0.id = id }
        workload.begin()
        var response = try await next(request, context)
        response.headers[.requestID] = id
        response.headers[context.record.idHeader] = id
        response.headers[.ignored] = context.record.ignored
        context.record.whenEnded(ended(request, response.status, context))
        if !context.record.isStreaming { context.record.end() }
        return response
    }

    private func ended(
        _ request: Request, _ status: HTTPResponse.Status, _ context: HTTPContext
    ) -> @Sendable (RequestRecord.Facts) -> Void {
        let route = context.endpointPath ?? "other"
        return { [metrics, workload, started = context.record.started, logger] facts in
            let elapsed = ContinuousClock.now - started
            metrics.record(
                route: route, method: request.method.rawValue, status: status.code, elapsed: elapsed
            )
            // A stream has already sent 200 when its model fails.
            let failed = status.code >= 500 || facts.reason != nil
            let level: Logger.Level = failed ? .warning : .info
            logger.log(
                level: level, "\(request.method) \(request.uri.path.prefix(Self.longestPath))",
                metadata: facts.metadata(status: status.code, elapsed: elapsed))
            workload.end()
        }
    }

    /// A path is cut to this many characters: one of eighty thousand would crowd out other lines.
    private static let longestPath = 500

    /// The client's own id where it is a plain word, else a new one.
    private static func id(of request: Request) -> String {
        if let id = request.headers[.requestID], (1...64).contains(id.utf8.count),
            id.utf8.allSatisfy({ $0.isPlain })
        {
            return id
        }
        return Identifier.random(prefix: "req-")
    }
}

extension RequestRecord {
    fileprivate var idHeader: HTTPField.Name {
        var header = HTTPField.Name.requestID
        note { header = $0.idHeader }
        return header
    }

    fileprivate var ignored: String? {
        var text: String?
        note { text = $0.ignoredText }
        return text
    }
}

extension RequestRecord.Facts {
    fileprivate var ignoredText: String? {
        guard !ignored.isEmpty else { return nil }
        let most = FieldTable.mostNamed
        let more = ignored.count > most ? ", ..." : ""
        return ignored.prefix(most).joined(separator: ", ") + more
    }

    fileprivate func metadata(status: Int, elapsed: Duration) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "status": .stringConvertible(status),
            "ms": .stringConvertible((elapsed.inSeconds * 10_000).rounded() / 10),
            "id": .string(id),
        ]
        metadata["model"] = model.map { .string($0) }
        metadata["prompt_tokens"] = promptTokens.map { .stringConvertible($0) }
        metadata["completion_tokens"] = completionTokens.map { .stringConvertible($0) }
        metadata["error"] = error.map { .string($0) }
        metadata["reason"] = reason.map { .string($0) }
        metadata["ignored"] = ignoredText.map { .string($0) }
        if clientLeft { metadata["client_left"] = .stringConvertible(true) }
        return metadata
    }
}

extension UInt8 {
    /// A letter, a digit or one of `-_.`
    var isPlain: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
}
