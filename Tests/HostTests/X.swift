import Host
import Testing
@Test func hostThingIs1() { #expect(hostThing() == 41) }
