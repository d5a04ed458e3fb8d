import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// The rules of HTTP/1 about a connection and its end, applied where they are still visible: later
/// request and response types hide versions, lists of connection options and targets with a host.
final class ConnectionRules: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// A request whose response is not complete.
    private struct Pending {
        let version: HTTPVersion
        let closes: Bool
        /// Its client sends the body when it is told to continue.
        var waits: Bool
    }

    private var pending = CircularBuffer<Pending>()
    private var isReading = false
    private var pace = BodyPace()
    private var paceCheck: Scheduled<Void>?
    /// The current request broke off; no other will be read.
    private var isBroken = false
    private var dropsResponse = false
    /// The last response was sent before all of its request arrived; the rest is discarded.
    private var isReadingPast = false
    /// Whether somebody reads the rest of the current request.
    private var isHeard: Bool { !isBroken && !isReadingPast }

    /// Adds the rules where requests are still unprocessed.
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
        case .head where isReadingPast:
            return
        case .head(let head):
            isReading = true
            pace = BodyPace()
            let closes = Self.closes(head)
            pending.append(
                Pending(version: head.version, closes: closes, waits: Self.waits(head)))
            if pending.count == 1 { tellToGoOn(context) }
            context.fireChannelRead(wrapInboundOut(.head(Self.normal(head, closes: closes))))
        case .body(let bytes):
            pace.received(bytes.readableBytes, at: .now())
            if isHeard { context.fireChannelRead(data) }
        case .end:
            isReading = false
            paceCheck?.cancel()
            paceCheck = nil
            if isHeard { context.fireChannelRead(data) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isReadingPast { context.read() }
        context.fireChannelReadComplete()
    }

    // MARK: Slow bodies

    /// The server is ready for more: from now on the time is the client's.
    func read(context: ChannelHandlerContext) {
        pace.waiting(at: .now())
        if isReading, isHeard, paceCheck == nil { schedulePaceCheck(context) }
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
        guard isReading, isHeard else { return }
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
    ///
    /// After a request for another protocol, the parser takes nothing for HTTP, even if the answer
    /// stays with HTTP: Java's client asks for `h2c` and sends its next request on the same
    /// connection.
    private static func closes(_ head: HTTPRequestHead) -> Bool {
        if head.version == .http1_0 || head.method == .CONNECT { return true }
        if head.headers.contains(name: "upgrade") { return true }
        let codings = head.headers[canonicalForm: "transfer-encoding"]
        if !codings.isEmpty, codings.count > 1 || codings[0].lowercased() != "chunked" {
            return true
        }
        return head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "close" }
    }

    private static func normal(_ head: HTTPRequestHead, closes: Bool) -> HTTPRequestHead {
        var head = head
        if closes { head.headers.replaceOrAdd(name: "connection", value: "close") }
        // Section 3.2: HTTP/1.0 knows no Host header, and probes of load balancers send none. The empty
        // name that stands for it is no name of this machine.
        let hosts = head.headers["host"]
        if hosts.isEmpty, head.version == .http1_0 {
            head.headers.add(name: "host", value: host(of: head.uri) ?? "")
        }
        // Section 3.2.2: the host of a target in absolute form is the request's. Where the Host header
        // names another, the request names two.
        if !hosts.isEmpty, let host = host(of: head.uri), hosts != [host] {
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

    // MARK: Bodies that wait to be asked for

    /// RFC 9110, section 10.1.1: nothing is expected of HTTP/1.0.
    private static func waits(_ head: HTTPRequestHead) -> Bool {
        head.version != .http1_0
            && head.headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
    }

    /// Tells the client to send its body at once; with a large body, curl waits a second for this.
    /// But not before the responses to earlier requests have ended: it would become part of them.
    private func tellToGoOn(_ context: ChannelHandlerContext) {
        guard pending.first?.waits == true else { return }
        pending[pending.startIndex].waits = false
        let goOn = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(goOn)), promise: nil)
    }

    // MARK: Responses

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.code < 200:
            context.write(data, promise: promise)
        case .head(var head):
            // The server answers what it cannot read, although the request already has its
            // response.
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
            let request = pending.popFirst()
            context.write(data, promise: promise)
            if isBroken { return closeSoon(context) }
            if isReading, request?.closes == true { return readPast(context) }
            tellToGoOn(context)
        }
    }

    /// The server reads no further, and a client that sends its whole body before it reads the
    /// response would wait for the server, until the idle connection is closed and the response is
    /// lost.
    private func readPast(_ context: ChannelHandlerContext) {
        isReadingPast = true
        context.read()
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
