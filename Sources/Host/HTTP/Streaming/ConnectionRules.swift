import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// What HTTP/1 says about a connection and its end, and what the types of requests and responses further
/// on no longer show: versions, lists of connection options, targets with a host.
final class ConnectionRules: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// A request without its whole response.
    private struct Pending {
        let version: HTTPVersion
        let closes: Bool
    }

    private var pending = CircularBuffer<Pending>()
    private var isReading = false
    private var pace = BodyPace()
    private var paceCheck: Scheduled<Void>?
    /// The request under way broke off; no other will be read.
    private var isBroken = false
    private var dropsResponse = false

    /// Adds the rules where requests still are as they were sent.
    ///
    /// Event loop only.
    static func add(to pipeline: ChannelPipeline) throws {
        let operations = pipeline.syncOperations
        let codec = try operations.handler(type: HTTP1ToHTTPServerCodec.self)
        try operations.addHandler(ConnectionRules(), position: .before(codec))
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            isReading = true
            pace = BodyPace()
            let closes = Self.closes(head)
            pending.append(Pending(version: head.version, closes: closes))
            context.fireChannelRead(wrapInboundOut(.head(Self.normal(head, closes: closes))))
        case .body(let bytes):
            pace.received(bytes.readableBytes, at: .now())
            if !isBroken { context.fireChannelRead(data) }
        case .end:
            isReading = false
            paceCheck?.cancel()
            paceCheck = nil
            if !isBroken { context.fireChannelRead(data) }
        }
    }

    // MARK: Slow bodies

    /// The server is ready for more: from now on the client is who takes the time.
    func read(context: ChannelHandlerContext) {
        pace.waiting(at: .now())
        if isReading, !isBroken, paceCheck == nil { schedulePaceCheck(context) }
        context.read()
    }

    private func schedulePaceCheck(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((rules: self, context: context), eventLoop: context.eventLoop)
        paceCheck = context.eventLoop.scheduleTask(in: pace.left(at: .now())) {
            let (rules, context) = bound.value
            rules.checkPace(context)
        }
    }

    private func checkPace(_ context: ChannelHandlerContext) {
        paceCheck = nil
        guard isReading, !isBroken else { return }
        if pace.left(at: .now()) > .zero { return schedulePaceCheck(context) }
        isBroken = true
        context.fireErrorCaught(BodyTooSlow())
    }

    func channelInactive(context: ChannelHandlerContext) {
        paceCheck?.cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        paceCheck?.cancel()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isReading { isBroken = true }
        context.fireErrorCaught(error)
    }

    /// RFC 9112, section 9.3: HTTP/1.0 closes, HTTP/1.1 where `close` is among the options, in any case
    /// and in any of the fields. What follows a coding that is not known cannot be told from the body.
    private static func closes(_ head: HTTPRequestHead) -> Bool {
        if head.version == .http1_0 { return true }
        let codings = head.headers[canonicalForm: "transfer-encoding"]
        if !codings.isEmpty, codings.count > 1 || codings[0].lowercased() != "chunked" {
            return true
        }
        return head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "close" }
    }

    private static func normal(_ head: HTTPRequestHead, closes: Bool) -> HTTPRequestHead {
        var head = head
        if closes { head.headers.replaceOrAdd(name: "connection", value: "close") }
        // Section 3.2.2: the host of a target in absolute form is the request's. Where the Host header
        // names another, the request names two.
        if let host = host(of: head.uri), head.headers["host"] != [host] {
            head.headers.add(name: "host", value: host)
        }
        return head
    }

    /// The authority of a target in absolute form, without a user's name.
    private static func host(of target: String) -> String? {
        guard !target.hasPrefix("/"), let scheme = target.firstRange(of: "://") else { return nil }
        let authority = target[scheme.upperBound...].prefix { !"/?#".contains($0) }
        return String(authority.split(separator: "@").last ?? "")
    }

    // MARK: Responses

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.code < 200:
            context.write(data, promise: promise)
        case .head(var head):
            // The server answers what it cannot read, though the request has its response already.
            dropsResponse = pending.isEmpty && isBroken
            guard !dropsResponse else { return promise.succeed() }
            if let request = pending.first {
                if request.version == .http1_0 { head.version = .http1_0 }
                if request.closes || isBroken {
                    head.headers.replaceOrAdd(name: "connection", value: "close")
                }
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            if dropsResponse { promise.succeed() } else { context.write(data, promise: promise) }
        case .end:
            guard !dropsResponse else { return promise.succeed() }
            if !pending.isEmpty { pending.removeFirst() }
            context.write(data, promise: promise)
            if isBroken { closeSoon(context) }
        }
    }

    /// A client that still sends would lose the response to a reset if the connection were closed at once.
    private func closeSoon(_ context: ChannelHandlerContext) {
        let channel = context.channel
        context.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
    }
}

extension EventLoopPromise<Void>? {
    fileprivate func succeed() { self?.succeed(()) }
}
