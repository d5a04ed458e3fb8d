import Deflate
import Engine
import Hummingbird
import JSON
import NIOCore
import PluginHost

/// Reads the bodies of requests.
struct Body {
    /// The most bytes that a body may have.
    let limit: Int
    /// Whether a member that nobody knows is refused; else it is ignored, and the response says so.
    let isStrict: Bool
    /// Of large bodies, which are in memory twice while they are read.
    private let budget: ByteBudget

    init(limit: Int, isStrict: Bool = false) {
        self.limit = limit
        self.isStrict = isStrict
        budget = ByteBudget(Self.largeBodies * max(limit, Self.usualLimit))
    }

    /// How many of the largest bodies may be in memory.
    private static let largeBodies = 4
    private static let usualLimit = 16 << 20

    /// How deep arrays and objects may nest.
    private static let depth = 64
    /// Values in one body: as many tokens as the largest of the usual size holds.
    private static let values = 4_000_000
    /// One after the other: what one needs, the next uses again.
    private static let parsing = BlockingPool("roost-parse", limit: 1)
    /// Beside that, so that bodies of the usual size do not wait for large ones.
    private static let reading = BlockingPool("roost-read", limit: 2)

    /// Has `read` make a value of a body, and looks at what it has left. All of that runs beside the parsing
    /// of a large body: a hundred thousand messages are work as well.
    ///
    /// - Parameter table: what members mean that `read` does not ask for by their names.
    /// - Throws: `APIError` for a body that is too large, not JSON or not an object; for a member that would
    ///   have changed the answer; where the host is strict, for one that nobody knows.
    func read<Value: Sendable>(
        _ request: Request, _ context: HTTPContext, _ table: FieldTable,
        _ read: @escaping @Sendable (Fields) throws -> Value
    ) async throws -> Value {
        let ((value, unknown), _) = try await parsed(request) { object in
            let fields = Fields(object, table: table, reads: FieldReads())
            return (try read(fields), try table.check(fields))
        }
        try note(unknown, context)
        return value
    }

    /// The same with a `read` that waits for others.
    func read<Value>(
        _ request: Request, _ context: HTTPContext, _ table: FieldTable,
        waiting read: (Fields) async throws -> Value
    ) async throws -> Value {
        let (object, share) = try await parsed(request) { $0 }
        var fields = Fields(object, table: table, reads: FieldReads())
        fields.share = share
        let value = try await read(fields)
        try note(try table.check(fields), context)
        return value
    }

    private func note(_ unknown: [FieldTable.Unknown], _ context: HTTPContext) throws {
        if isStrict, let first = unknown.first {
            throw APIError.unsupported(
                param: first.name,
                "is not known here" + (first.nearest.map { "; did you mean '\($0)'?" } ?? "")
                    + "; leave it out, or set server.strict = false")
        }
        if !unknown.isEmpty { context.record.note { $0.ignored = unknown.map(\.description) } }
    }

    /// The members of a body whose names are the client's own.
    ///
    /// - Throws: `APIError` for a body that is too large, not JSON or not an object.
    func fields(_ request: Request) async throws -> Fields {
        let (object, share) = try await parsed(request) { $0 }
        var fields = Fields(object)
        fields.share = share
        return fields
    }

    /// The same, and has `read` make a value of them beside the parsing of a large body.
    func fields<Value: Sendable>(
        _ request: Request, _ read: @escaping @Sendable (Fields) throws -> Value
    ) async throws -> Value {
        try await parsed(request) { try read(Fields($0)) }.0
    }

    /// - Returns: what `body` makes of the members, and the share of the budget that a large body holds.
    private func parsed<Value: Sendable>(
        _ request: Request, _ body: @escaping @Sendable (JSONObject) throws -> Value
    ) async throws -> (Value, ByteBudget.Share?) {
        let (buffer, share) = try await bytes(request)
        if share == nil, buffer.readableBytes <= Self.quick {
            return (try body(Self.object(buffer)), nil)
        }
        let threads = share == nil ? Self.reading : Self.parsing
        return (try await threads.run { try body(Self.object(buffer)) }, share)
    }

    /// A body above this is not read in a moment: half a megabyte of members takes tenths of a second, in
    /// which nobody else on the cooperative pool would be answered.
    private static let quick = 64 << 10

    /// A body above this takes of the budget.
    private static let large = 1 << 20

    private static func object(_ buffer: ByteBuffer) throws -> JSONObject {
        // Some editors and shells write a byte order mark before a text (RFC 8259, section 8.1).
        let bytes = buffer.readableBytesView
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes
        do {
            let value = try JSONValue(parsing: text, depth: depth, values: values)
            guard let object = value.object else { throw APIError.notAnObject(found: value.kind) }
            return object
        } catch let error as JSONError {
            if case .invalidUTF8 = error { throw APIError.notUTF8 }
            throw APIError.notJSON(String(describing: error))
        }
    }

    private func bytes(_ request: Request) async throws -> (ByteBuffer, ByteBudget.Share?) {
        let inflater = try ContentCoding.format(request.headers).map(Inflater.init)
        // What a compressed body announces says nothing of what comes out of it.
        let announced = inflater == nil ? request.headers[.contentLength].flatMap { Int($0) } : nil
        var body = BodyBytes(limit: limit, announced: announced, large: Self.large)
        var received = 0
        for try await part in request.body {
            received += part.readableBytes
            if let inflater {
                // What is read past is not kept.
                if body.hasRoom { inflater.append(Array(part.readableBytesView)) }
                while body.hasRoom, let piece = try inflater.next() {
                    try await body.append(ByteBuffer(bytes: piece), budget)
                }
            } else {
                try await body.append(part, budget)
            }
            // Reading a little further lets an honest client finish and see the answer.
            if received > limit + Self.patience { break }
        }
        let whole = try body.whole()
        try inflater?.finish()
        return whole
    }

    private static let patience = 64 << 20
}

/// A body as it comes in, up to a limit.
private struct BodyBytes {
    let limit: Int
    let announced: Int?
    /// What is above this takes of the budget.
    let large: Int
    private var buffer = ByteBuffer()
    private var share: ByteBudget.Share?
    private var refusal: APIError?
    private var total = 0

    init(limit: Int, announced: Int?, large: Int) {
        (self.limit, self.announced, self.large) = (limit, announced, large)
        buffer.reserveCapacity(min(announced ?? 0, large))
    }

    var hasRoom: Bool { total <= limit && refusal == nil }

    mutating func append(_ part: ByteBuffer, _ budget: ByteBudget) async throws {
        total += part.readableBytes
        if share == nil, refusal == nil, total > large, total <= limit {
            do {
                share = try await budget.take(min(announced ?? limit, limit))
                buffer.reserveCapacity(min(announced ?? 0, limit))
            } catch let error as APIError {
                refusal = error
                buffer = ByteBuffer()
            }
        }
        var part = part
        if hasRoom { buffer.writeBuffer(&part) }
    }

    func whole() throws -> (ByteBuffer, ByteBudget.Share?) {
        guard total <= limit else { throw APIError.bodyTooLarge(limit: limit) }
        if let refusal { throw refusal }
        return (buffer, share)
    }
}
