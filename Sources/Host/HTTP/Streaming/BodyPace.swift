package import NIOCore

/// A client was too slow with a body.
struct BodyTooSlow: Error {}

/// How fast a body arrives: the time that the server has waited for its bytes, compared with their
/// number.
///
/// The remaining time shrinks while the server waits and grows with every byte, but not beyond its
/// initial value: a client that sends the first megabytes fast may not then be silent for hours.
/// Time that the server itself needs does not count.
package struct BodyPace {
    package static let bytesPerSecond = 500
    /// How long the server waits for the first bytes, and within a body for the next ones.
    private static let patience = TimeAmount.seconds(30)

    private var spare = Self.patience
    private var since: NIODeadline?

    package init() {}

    /// The server is ready for more.
    package mutating func waiting(at now: NIODeadline) {
        since = since ?? now
    }

    package mutating func received(_ count: Int, at now: NIODeadline) {
        let earned = TimeAmount.milliseconds(Int64(count) * 1000 / Int64(Self.bytesPerSecond))
        spare = min(Self.patience, left(at: now) + earned)
        since = nil
    }

    /// How long the next bytes may still take; zero if it is too late.
    package func left(at now: NIODeadline) -> TimeAmount {
        max(.zero, spare - (since.map { now - $0 } ?? .zero))
    }
}
