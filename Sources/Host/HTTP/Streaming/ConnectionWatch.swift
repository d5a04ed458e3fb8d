import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Watches one connection: reports when the client is gone, closes it if the client does not read,
/// and keeps silent event streams alive.
///
/// A client that closes its sending side counts as gone for requests that asked to be told.
final class ConnectionWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let pingInterval: TimeAmount
    private var isGone = false
    private var listeners: [UInt64: @Sendable () -> Void] = [:]
    private var ping: RepeatedTask?
    private var wasWritten = false
    private var readerCheck: RepeatedTask?
    /// How much waited for the client at the last check, and since when it has read none of it.
    private var unread = (bytes: 0, since: NIODeadline.now())

    /// How long a client may read nothing of what waits for it, and how often that is checked.
    private static let readerPatience = TimeAmount.seconds(60)
    private static let readerInterval = TimeAmount.seconds(5)

    init(pingInterval: TimeAmount) {
        self.pingInterval = pingInterval
    }

    func handlerAdded(context: ChannelHandlerContext) {
        do {
            try ConnectionRules.add(to: context.pipeline)
        } catch {
            context.close(promise: nil)
        }
    }

    // MARK: The client

    /// Calls `body` when the client leaves, at once if it has left. Event loop only.
    func listen(_ id: UInt64, _ body: @escaping @Sendable () -> Void) {
        if isGone { body() } else { listeners[id] = body }
    }

    /// Event loop only.
    func forget(_ id: UInt64) {
        listeners[id] = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { clientLeft() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ended()
    }

    private func ended() {
        clientLeft()
        stopPings()
        readerCheck?.cancel()
        readerCheck = nil
    }

    private func clientLeft() {
        isGone = true
        let bodies = listeners.values
        listeners = [:]
        for body in bodies { body() }
    }

    // MARK: Slow readers

    /// Otherwise a client that asks for much and reads nothing would keep its connection forever.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        readerCheck?.cancel()
        readerCheck = nil
        if !context.channel.isWritable { watchReader(context) }
        context.fireChannelWritabilityChanged()
    }

    private func watchReader(_ context: ChannelHandlerContext) {
        unread = (Self.buffered(context.channel), .now())
        let loopBound = NIOLoopBound((watch: self, context: context), eventLoop: context.eventLoop)
        readerCheck = context.eventLoop.scheduleRepeatedTask(
            initialDelay: Self.readerInterval, delay: Self.readerInterval
        ) { _ in
            let (watch, context) = loopBound.value
            watch.checkReader(context)
        }
    }

    /// A response of megabytes waits in one piece, over a slow network for minutes: whether its
    /// client reads shows in how much is left.
    private func checkReader(_ context: ChannelHandlerContext) {
        let bytes = Self.buffered(context.channel)
        unread = (bytes, bytes < unread.bytes ? .now() : unread.since)
        if .now() - unread.since >= Self.readerPatience { context.channel.close(promise: nil) }
    }

    private static func buffered(_ channel: any Channel) -> Int {
        (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    // MARK: Pings

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head:
            break
        case .body:
            wasWritten = true
        case .end:
            stopPings()
        }
        context.write(data, promise: promise)
    }

    /// Until the response ends. Event loop only.
    fileprivate func startPings(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound((watch: self, context: context), eventLoop: context.eventLoop)
        ping = context.eventLoop.scheduleRepeatedTask(
            initialDelay: pingInterval, delay: pingInterval
        ) { _ in
            let (watch, context) = loopBound.value
            watch.pingIfSilent(bytes, context)
        }
    }

    /// Every write is a whole number of events, so a ping fits between any two.
    private func pingIfSilent(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        if !wasWritten, context.channel.isWritable {
            context.writeAndFlush(wrapOutboundOut(.body(bytes)), promise: nil)
        }
        wasWritten = false
    }

    private func stopPings() {
        ping?.cancel()
        ping = nil
    }
}

extension Channel {
    /// Writes `ping` whenever the current response is silent for long; nil writes nothing.
    func keepAlive(with ping: ByteBuffer?) async {
        guard let ping else { return }
        // A connection without a watch is about to end.
        try? await eventLoop.submit { [pipeline] in
            let context = try pipeline.syncOperations.context(handlerType: ConnectionWatch.self)
            (context.handler as? ConnectionWatch)?.startPings(ping, context)
        }.get()
    }
}
