import PluginHost
import Testing

@Suite struct RestartHistoryTests {
    private func time(_ seconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: UInt64(seconds * 1e9))
    }

    @Test func pausesDoubleUpToTheirLimit() {
        var history = RestartHistory(policy: RestartPolicy())
        let delays = (0..<9).map { history.recordFailure(at: time(Double($0) * 40), lived: .zero) }
        let expected: [Duration] = [
            .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800),
            .milliseconds(1600), .milliseconds(3200), .milliseconds(6400), .seconds(10),
            .seconds(10),
        ]
        #expect(delays == expected.map { .restart(after: $0) })
    }

    @Test func aHealthyTimeBeginsAnew() {
        var history = RestartHistory(policy: RestartPolicy())
        for second in [0.0, 61] { _ = history.recordFailure(at: time(second), lived: .zero) }
        #expect(
            history.recordFailure(at: time(200), lived: .seconds(100))
                == .restart(after: .milliseconds(100)))
    }

    @Test func threeFailuresWithinAMinuteAreACrashLoop() {
        var history = RestartHistory(policy: RestartPolicy())
        _ = history.recordFailure(at: time(0), lived: .zero)
        _ = history.recordFailure(at: time(30), lived: .zero)
        #expect(
            history.recordFailure(at: time(59), lived: .zero) == .quarantine(until: time(119)))
        history.beginAnew()
        #expect(
            history.recordFailure(at: time(120), lived: .zero)
                == .restart(after: .milliseconds(100)))
    }

    @Test func threeFailuresInMoreThanAMinuteAreNone() {
        var history = RestartHistory(policy: RestartPolicy())
        for second in [0.0, 30, 61, 92] {
            guard case .restart = history.recordFailure(at: time(second), lived: .zero) else {
                Issue.record("quarantine at \(second) s")
                return
            }
        }
    }
}
