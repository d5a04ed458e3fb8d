import Host
import NIOCore
import Testing

@Suite struct BodyPaceTests {
    private func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    @Test func aBodyMayTakeHalfAMinuteAndASecondForEvery500Bytes() {
        var pace = BodyPace()
        pace.waiting(at: at(0))
        #expect(pace.left(at: at(29)) == .seconds(1))
        #expect(pace.left(at: at(31)) == .zero)
        pace.received(5000, at: at(29))
        pace.waiting(at: at(29))
        #expect(pace.left(at: at(39)) == .seconds(1))
    }

    /// Else sixteen megabytes at once would buy nine hours of silence.
    @Test func aFastBeginningBuysNoLongSilence() {
        var pace = BodyPace()
        pace.waiting(at: at(0))
        pace.received(16 << 20, at: at(1))
        pace.waiting(at: at(1))
        #expect(pace.left(at: at(30)) == .seconds(1))
        #expect(pace.left(at: at(31)) == .zero)
    }

    @Test func aBodyThatKeepsItsPaceMayTakeAsLongAsItIs() {
        var pace = BodyPace()
        for second in 0..<3600 {
            pace.waiting(at: at(Int64(second)))
            pace.received(500, at: at(Int64(second) + 1))
        }
        #expect(pace.left(at: at(3600)) == .seconds(30))
    }

    @Test func theServersOwnSlownessIsNotTheClients() {
        var pace = BodyPace()
        pace.waiting(at: at(0))
        pace.received(500, at: at(2))
        // An hour without asking for more.
        #expect(pace.left(at: at(3600)) == .seconds(29))
        pace.waiting(at: at(3600))
        #expect(pace.left(at: at(3630)) == .zero)
    }
}
