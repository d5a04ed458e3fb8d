import PluginHost
import Testing

@Suite struct InFlightCountTests {
    /// However soon the limit passes, before or after the wait has begun.
    @Test(.timeLimit(.minutes(10))) func aWaitEndsAtItsLimit() async {
        let pins = InFlightCount()
        pins.add()
        let taken = await ContinuousClock().measure {
            for nanoseconds in 1...50 { await pins.waitForZero(atMost: .nanoseconds(nanoseconds)) }
        }
        #expect(taken < .seconds(300))
    }

    @Test(.timeLimit(.minutes(10))) func aWaitEndsWithTheLastPin() async {
        let pins = InFlightCount()
        pins.add()
        let taken = await ContinuousClock().measure {
            async let waiting: Void = pins.waitForZero(atMost: .seconds(3600))
            pins.remove()
            await waiting
            await pins.waitForZero(atMost: .seconds(3600))
        }
        #expect(taken < .seconds(300))
    }
}
