import PluginABI
import Synchronization

/// What accompanies a call: whether to continue, and until when.
///
/// Valid until the call returns, on every thread that works for it.
public struct Call: @unchecked Sendable {
    /// Written by the host at any time, read as an atomic.
    private let cancel: UnsafePointer<Atomic<UInt32>>?
    private let number: UInt32
    private let host: HostServices?

    /// The time, on the clock of `HostServices.now`, after which nobody waits for the answer.
    public let deadline: UInt64?
    /// Names the call in the host's log.
    public let traceID: UInt64

    init(_ call: UnsafePointer<roost_call>, host: HostServices?) {
        let word = call.pointee.cancel.map(UnsafeRawPointer.init)
        cancel = word?.assumingMemoryBound(to: Atomic<UInt32>.self)
        number = call.pointee.number
        deadline = call.pointee.deadline_ns == 0 ? nil : call.pointee.deadline_ns
        traceID = call.pointee.trace_id
        self.host = host
    }

    /// A call that is never cancelled, for work that a plugin starts itself.
    package init() {
        (cancel, number, host, deadline, traceID) = (nil, 0, nil, nil, 0)
    }

    /// As `roost_cancelled` of the header: the word names the last call that is to stop.
    public var isCancelled: Bool {
        guard let cancel else { return false }
        return cancel.pointee.load(ordering: .acquiring) &- number < 1 << 31
    }

    public var isPastDeadline: Bool {
        guard let deadline, let now = host?.now else { return false }
        return now > deadline
    }

    /// Throws when the host has asked to stop, or no longer waits.
    public func check() throws {
        if isCancelled {
            throw PluginError(.cancelled, "cancelled by the host")
        }
        if isPastDeadline {
            throw PluginError(.cancelled, "the call's deadline has passed")
        }
    }
}
