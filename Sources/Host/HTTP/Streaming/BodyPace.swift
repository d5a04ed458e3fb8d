package import NIOCore

/// A client took too long over a body.
struct BodyTooSlow: Error {}

/// How fast a body comes in: the time that the server has waited for its bytes, against their number.
///
/// The time that is left shrinks while the server waits and grows with every byte, but not beyond what it was
/// at the beginning: who sends the first megabytes fast may not be silent for hours then. The server's own
/// slowness is no time of the client's.
package struct BodyPace {
    package static let bytesPerSecond = 500
    /// How long the server waits for the first bytes, and in the midst of a body for the next ones.
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

    /// How long the next bytes may still take; nothing when it is too late.
    package func left(at now: NIODeadline) -> TimeAmount {
        max(.zero, spare - (since.map { now - $0 } ?? .zero))
    }
}
