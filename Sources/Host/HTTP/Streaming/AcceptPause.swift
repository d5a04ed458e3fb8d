import NIOCore
import PluginHost

/// Accepts no connection while only spare files are left; clients wait until there are others.
///
/// The system's refusal would come too late, at the last descriptor, and block accepting for a
/// second.
final class AcceptPause: ChannelOutboundHandler {
    typealias OutboundIn = Never

    private static let length = TimeAmount.milliseconds(50)

    private var end: Scheduled<Void>?

    /// Last in the pipeline before the system: all other handlers have agreed to accept.
    static func add(to channel: any Channel) async throws {
        // Each connection is checked separately.
        try await channel.setOption(.maxMessagesPerRead, value: 1).get()
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.addHandler(AcceptPause(), position: .first)
        }.get()
    }

    func read(context: ChannelHandlerContext) {
        guard end == nil else { return }
        if SpareFiles.allowConnection { return context.read() }
        let loopBound = NIOLoopBound((pause: self, context: context), eventLoop: context.eventLoop)
        end = context.eventLoop.scheduleTask(in: Self.length) {
            let (pause, context) = loopBound.value
            pause.end = nil
            pause.read(context: context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end?.cancel()
    }
}
