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

    @Test func theServersOwnSlownessIsNotTheClients() {
        var pace = BodyPace()
        pace.waiting(at: at(0))
        pace.received(10, at: at(1))
        // An hour without asking for more.
        #expect(pace.left(at: at(3600)) == .seconds(29))
        pace.waiting(at: at(3600))
        #expect(pace.left(at: at(3630)) == .zero)
    }
}
