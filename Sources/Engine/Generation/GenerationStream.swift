/// The output of one request, an asynchronous sequence for one consumer.
///
/// Dropping the stream and its iterator, or cancelling the task that reads it, takes the request out
/// of the batch before the next step. Errors are `EngineError`, or `CancellationError` for a cancelled
/// reader.
package struct GenerationStream: AsyncSequence, Sendable {
    package typealias Element = GenerationEvent

    private let subscription: Subscription

    /// - Parameter engine: kept alive as long as somebody may read.
    init(_ channel: EventChannel, of engine: TextEngine) {
        subscription = Subscription(channel, engine)
    }

    /// Takes the request out of the batch.
    package func cancel() {
        subscription.channel.cancel()
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(subscription: subscription)
    }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let subscription: Subscription

        package mutating func next() async throws -> GenerationEvent? {
            try await subscription.channel.next()
        }
    }

    /// Cancels the request when nobody can read its output any more.
    fileprivate final class Subscription: Sendable {
        let channel: EventChannel
        private let engine: TextEngine

        init(_ channel: EventChannel, _ engine: TextEngine) {
            self.channel = channel
            self.engine = engine
        }

        deinit {
            channel.cancel()
        }
    }
}
