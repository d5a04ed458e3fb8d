import Glibc

/// A moment on CLOCK_MONOTONIC, the clock of `roost_host.now_ns`; host and worker share it.
package struct MonotonicTime: Sendable, Comparable {
    package var nanoseconds: UInt64

    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    package static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(
            nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    package static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        let sum = Int128(time.nanoseconds) + duration.wholeNanoseconds
        return MonotonicTime(nanoseconds: UInt64(clamping: sum))
    }

    package static func - (left: MonotonicTime, right: MonotonicTime) -> Duration {
        .nanoseconds(Int64(clamping: Int128(left.nanoseconds) - Int128(right.nanoseconds)))
    }
}

extension Duration {
    /// For a sentence, as exactly as a person wants to know it: `250 ms`, `2.3 s`, `60 s`.
    package var rounded: String {
        let milliseconds = Int64(clamping: (wholeNanoseconds + 500_000) / 1_000_000)
        switch milliseconds {
        case ..<1000: return "\(milliseconds) ms"
        case ..<10_000:
            let tenths = (milliseconds + 50) / 100
            return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
        default: return "\((milliseconds + 500) / 1000) s"
        }
    }

    fileprivate var wholeNanoseconds: Int128 {
        Int128(components.seconds) * 1_000_000_000 + Int128(components.attoseconds / 1_000_000_000)
    }

    /// Milliseconds for `poll`, rounded up, so that a wait never ends early.
    var milliseconds: Int32 {
        Int32(clamping: (max(0, wholeNanoseconds) + 999_999) / 1_000_000)
    }
}
