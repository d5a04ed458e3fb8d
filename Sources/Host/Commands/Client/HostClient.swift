package import JSON
package import NIOCore
package import NIOHTTP1
import NIOPosix

/// Talks HTTP/1.1 to a running host, one connection per request.
package struct HostClient: Sendable {
    package typealias Inbound = NIOAsyncChannelInboundStream<HTTPClientResponsePart>

    package let url: HostURL
    private let key: String?

    package init(_ url: HostURL, key: String? = nil) {
        self.url = url
        self.key = key
    }

    /// Sends a request and passes the answer to `read` as it arrives.
    ///
    /// - Throws: `ClientError.noAnswer` without a connection, and what `read` throws.
    package func exchange<Value: Sendable>(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        read: @Sendable (HTTPResponseHead, inout Inbound.AsyncIterator) async throws -> Value
    ) async throws -> Value {
        let head = head(method, path, headers, bodyLength: body?.count)
        var request: [HTTPClientRequestPart] = [.head(head)]
        if let body { request.append(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
        request.append(.end(nil))
        return try await connect().executeThenClose { [request] inbound, outbound in
            // A host may answer and close before it has read everything: the answer counts.
            try? await outbound.write(contentsOf: request)
            var parts = inbound.makeAsyncIterator()
            while let part = try await parts.next() {
                if case .head(let head) = part { return try await read(head, &parts) }
            }
            throw ClientError.noAnswer(url, reason: "the connection was closed")
        }
    }

    private func head(
        _ method: String, _ path: String, _ extra: [(String, String)], bodyLength: Int?
    ) -> HTTPRequestHead {
        var headers = HTTPHeaders([("host", "\(url.address)"), ("connection", "close")])
        if let key { headers.add(name: "authorization", value: "Bearer \(key)") }
        if let bodyLength {
            headers.add(name: "content-type", value: "application/json")
            headers.add(name: "content-length", value: String(bodyLength))
        }
        for (name, value) in extra { headers.replaceOrAdd(name: name, value: value) }
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: method), uri: url.prefix + path,
            headers: headers)
    }

    private func connect() async throws
        -> NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>
    {
        do {
            return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(10))
                .connect(host: url.address.host, port: url.address.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                    }
                }
        } catch {
            throw ClientError.noAnswer(url, reason: Self.reason(error))
        }
    }

    /// What went wrong, without the library's names for it.
    private static func reason(_ error: any Error) -> String {
        if let error = error as? NIOConnectionError {
            return error.connectionErrors.first.map { reason($0.error) } ?? "unknown host"
        }
        if let error = error as? IOError { return systemText(error.errnoCode) }
        return String(describing: error)
    }
}

// MARK: - Whole answers

extension HostClient {
    /// Sends a request and waits for the whole answer.
    ///
    /// - Throws: `ClientError.refused` with the host's own words for a status of 400 and more.
    package func json(_ method: String, _ path: String, body: JSONValue? = nil) async throws
        -> JSONValue
    {
        let bytes = body.map { Array($0.serialized().utf8) }
        return try await exchange(method, path, body: bytes) { try await Self.json($0, &$1) }
    }

    /// As `json`, with a body of another type.
    package func send(_ method: String, _ path: String, type: String, body: [UInt8]) async throws
        -> JSONValue
    {
        try await exchange(method, path, headers: [("content-type", type)], body: body) {
            try await Self.json($0, &$1)
        }
    }

    private static func json(_ head: HTTPResponseHead, _ parts: inout Inbound.AsyncIterator)
        async throws -> JSONValue
    {
        let answer = try await collect(&parts)
        guard head.status.code < 400 else {
            throw ClientError(status: Int(head.status.code), body: answer)
        }
        do {
            return try JSONValue(parsing: answer)
        } catch {
            throw ClientError.notUnderstood(String(describing: error))
        }
    }

    /// Sends a request that is answered with server-sent events, and hands on their data.
    ///
    /// - Throws: `ClientError.refused` for an error instead of a stream, and what `body` throws.
    package func events(
        _ method: String, _ path: String, body: JSONValue,
        _ handle: @Sendable (String) throws -> Void
    ) async throws {
        let bytes = Array(body.serialized().utf8)
        try await exchange(method, path, body: bytes) { head, parts in
            guard head.status.code < 400 else {
                let answer = try await Self.collect(&parts)
                throw ClientError(status: Int(head.status.code), body: answer)
            }
            var reader = EventReader()
            while let part = try await parts.next() {
                guard case .body(let buffer) = part else { break }
                for event in reader.events(buffer.readableBytesView) { try handle(event) }
            }
        }
    }

    /// The rest of a body.
    package static func collect(_ parts: inout Inbound.AsyncIterator) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let part = try await parts.next() {
            if case .body(let buffer) = part { bytes += buffer.readableBytesView }
            if case .end = part { break }
        }
        return bytes
    }
}
