#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A moment of the calendar.
struct WallClock: Sendable {
    /// Since 1970 in UTC.
    let seconds: Int
    let milliseconds: Int

    static var now: WallClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallClock(seconds: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
    }

    /// `16:04:05`, local time.
    var clockText: String {
        var seconds = seconds
        var parts = tm()
        localtime_r(&seconds, &parts)
        return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { Self.padded(Int($0), 2) }
            .joined(separator: ":")
    }

    /// `2026-11-22T16:04:05.123Z`
    var isoText: String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let day = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec]
        return day.map { Self.padded($0, 2) }.joined(separator: "-") + "T"
            + time.map { Self.padded(Int($0), 2) }.joined(separator: ":")
            + "." + Self.padded(milliseconds, 3) + "Z"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
