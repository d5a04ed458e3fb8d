import Deflate
import Engine
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import PluginHost

/// Reads the bodies of requests.
struct Body {
    /// The most bytes that a body may have.
    let limit: Int
    /// Whether an unknown member is refused; otherwise it is ignored, and the response says so.
    let isStrict: Bool
    /// The memory budget for large bodies, which are in memory twice while they are read.
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
    /// One at a time, so that each reuses the memory of the previous one.
    private static let parsing = BlockingPool("roost-parse", limit: 1)
    /// Separate from that, so that bodies of usual size do not wait for large ones.
    private static let reading = BlockingPool("roost-read", limit: 2)

    /// Converts a body with `read`, then checks which members it has not read. For a large body all
    /// of this runs on the thread that parses it: a hundred thousand messages are work too.
    ///
    /// - Parameter table: the meaning of members that `read` does not read.
    /// - Throws: `APIError` for a body that is too large, not JSON or not an object; for a member
    ///   that would have changed the answer; if the host is strict, for an unknown one.
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

    /// The same of a body whose first bytes are JSON, as many as a header says, and whose rest is data.
    func read<Value: Sendable>(
        _ request: Request, _ context: HTTPContext, _ table: FieldTable,
        withData read: @escaping @Sendable (Fields, ByteBuffer) throws -> Value
    ) async throws -> Value {
        let announced = try request.headers[.inferenceHeaderLength].map { text in
            guard let length = Int(text), length >= 0 else {
                throw APIError.malformed(
                    "the header '\(HTTPField.Name.inferenceHeaderLength)' is no number of bytes")
            }
            return length
        }
        let (value, unknown) = try await parsed(request, jsonLength: announced) { object, data in
            let fields = Fields(object, table: table, reads: FieldReads())
            return (try read(fields, data), try table.check(fields))
        }.0
        try note(unknown, context)
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

    /// The members of a body whose names the client chooses.
    ///
    /// - Throws: `APIError` for a body that is too large, not JSON or not an object.
    func fields(_ request: Request) async throws -> Fields {
        let (object, share) = try await parsed(request) { $0 }
        var fields = Fields(object)
        fields.share = share
        return fields
    }

    /// The same, converted by `read` on the thread that parses a large body.
    func fields<Value: Sendable>(
        _ request: Request, _ read: @escaping @Sendable (Fields) throws -> Value
    ) async throws -> Value {
        try await parsed(request) { try read(Fields($0)) }.0
    }

    /// - Returns: the result of `body`, and the share of the budget that a large body holds.
    private func parsed<Value: Sendable>(
        _ request: Request, _ body: @escaping @Sendable (JSONObject) throws -> Value
    ) async throws -> (Value, ByteBudget.Share?) {
        try await parsed(request, jsonLength: nil) { object, _ in try body(object) }
    }

    /// - Parameter jsonLength: how many bytes are JSON; nil is all.
    private func parsed<Value: Sendable>(
        _ request: Request, jsonLength: Int?,
        _ body: @escaping @Sendable (JSONObject, ByteBuffer) throws -> Value
    ) async throws -> (Value, ByteBudget.Share?) {
        let (all, share) = try await bytes(request)
        var data = all
        let length = jsonLength ?? all.readableBytes
        guard let buffer = data.readSlice(length: length) else {
            throw APIError.malformed(
                "the body has \(all.readableBytes) bytes, and its JSON is to have \(length)")
        }
        let rest = data
        if share == nil, all.readableBytes <= Self.quick {
            return (try body(Self.object(buffer), rest), nil)
        }
        let threads = share == nil ? Self.reading : Self.parsing
        return (try await threads.run { try body(Self.object(buffer), rest) }, share)
    }

    /// A larger body is not parsed on the cooperative pool: half a megabyte of members takes tenths
    /// of a second, during which no other request would be answered.
    private static let quick = 64 << 10

    /// A larger body takes from the budget.
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
        // The announced size of a compressed body says nothing about its content's size.
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
    /// Bytes above this take from the budget.
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
