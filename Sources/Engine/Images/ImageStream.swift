/// What happens while the pictures of one order are made, an asynchronous sequence for one consumer.
///
/// Dropping the stream and its iterator, or cancelling the task that reads it, ends the order within a
/// step. Errors are `EngineError`, `ModelFailure.refused` for what the model does not take, or
/// `CancellationError` for a cancelled reader.
package struct ImageStream: AsyncSequence, Sendable {
    package typealias Element = ImageEvent

    private let subscription: Subscription

    /// - Parameter engine: kept alive as long as somebody may read.
    init(_ channel: ImageChannel, of engine: ImageEngine) {
        subscription = Subscription(channel, engine)
    }

    /// Ends the order.
    package func cancel() {
        subscription.channel.cancel()
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(subscription: subscription)
    }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let subscription: Subscription

        package mutating func next() async throws -> ImageEvent? {
            try await subscription.channel.next()
        }
    }

    /// Cancels the order when nobody can read its events any more.
    fileprivate final class Subscription: Sendable {
        let channel: ImageChannel
        private let engine: ImageEngine

        init(_ channel: ImageChannel, _ engine: ImageEngine) {
            self.channel = channel
            self.engine = engine
        }

        deinit {
            channel.cancel()
        }
    }
}
