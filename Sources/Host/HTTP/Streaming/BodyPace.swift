package import NIOCore

/// A client took too long over a body.
struct BodyTooSlow: Error {}

/// How fast a body comes in: the time that the server has waited for its bytes, against their number.
///
/// The server's own slowness is no time of the client's.
package struct BodyPace {
    package static let bytesPerSecond = 500
    /// What every body may take, in seconds.
    private static let patience = 30

    private var bytes = 0
    private var waited = TimeAmount.zero
    private var since: NIODeadline?

    package init() {}

    /// The server is ready for more.
    package mutating func waiting(at now: NIODeadline) {
        since = since ?? now
    }

    package mutating func received(_ count: Int, at now: NIODeadline) {
        bytes += count
        if let since { waited = waited + (now - since) }
        since = nil
    }

    /// How long the next bytes may still take; nothing when it is too late.
    package func left(at now: NIODeadline) -> TimeAmount {
        let allowed = Self.patience + bytes / Self.bytesPerSecond
        let spent = waited + (since.map { now - $0 } ?? .zero)
        return max(.zero, .seconds(Int64(allowed)) - spent)
    }
}
