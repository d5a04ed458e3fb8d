import Deflate
import HTTPTypes
import Hummingbird
import NIOCore
import SearchCollections

/// A request whose body is a document that goes into a collection.
struct ImportRequest: Sendable {
    /// Whether the answer waits until all rows are embedded.
    let waits: Bool
    /// Whether the answer is a stream of events.
    let streams: Bool
    /// The format is detected from the first bytes if the request does not give it.
    private let format: DocumentFormat?
    private let coding: Inflater.Format?
    private let text: [String]?
    private let id: String?
    private let model: String?
    private let hasHeader: Bool?
    private let body: RequestBody
    private let announced: Int?

    private static let parameters = ["text", "id", "model", "header", "wait", "format"]

    /// - Throws: `APIError` for parameters and types that are wrong, and a body that says it is too large.
    init(_ request: Request, limit: Int) throws {
        let query = try QueryFields(request, known: Self.parameters)
        text = query.names("text")
        id = query.string("id")
        model = query.string("model")
        hasHeader = try query.bool("header")
        waits = try query.bool("wait") ?? false
        format = try query.choice("format") ?? Self.format(request.headers[.contentType])
        coding = try ContentCoding.format(request.headers)
        streams = request.headers[.accept]?.contains("text/event-stream") ?? false
        announced = request.headers[.contentLength].flatMap { Int($0) }
        body = request.body
        if let announced, announced > limit { throw APIError.bodyTooLarge(limit: limit) }
    }

    /// The media types that curl and browsers send for unknown files count as absent.
    private static func format(_ mediaType: String?) throws -> DocumentFormat? {
        guard let mediaType else { return nil }
        if let format = DocumentFormat(mediaType: mediaType) { return format }
        let silent = [
            "application/octet-stream", "application/x-www-form-urlencoded", "application/gzip",
            "application/x-gzip",
        ]
        if silent.contains(where: mediaType.lowercased().hasPrefix) { return nil }
        throw APIError.unsupportedMediaType(
            "the content-type is \(mediaType.prefix(100)), expected text/csv, "
                + "text/tab-separated-values, application/jsonl, application/json or text/plain")
    }

    /// Reads the body into a collection.
    ///
    /// - Parameters:
    ///   - begin: makes the import, once its format is known.
    ///   - report: receives the progress after each piece.
    func run(
        _ begin: (ImportOptions) async throws -> CollectionImport,
        report: (CollectionProgress) async throws -> Void = { _ in }
    ) async throws -> CollectionDescription {
        var document: CollectionImport?
        var received = 0
        do {
            for try await piece in body {
                let bytes = Array(piece.readableBytesView)
                guard !bytes.isEmpty else { continue }
                received += bytes.count
                let known = document
                let current = if let known { known } else { try await begin(options) }
                document = current
                try await current.feed(bytes)
                try await report(current.progress)
            }
            try Task.checkCancellation()
            guard let document else { throw APIError.refused("the body is empty, expected rows") }
            guard announced == nil || announced == received else { throw EarlyEnd.clientGone }
            return try await document.finish()
        } catch {
            await document?.abandon()
            throw error
        }
    }

    private var options: ImportOptions {
        var options = ImportOptions(format)
        options.coding = coding
        options.text = text
        options.id = id
        options.model = model
        options.hasHeader = hasHeader
        return options
    }
}
