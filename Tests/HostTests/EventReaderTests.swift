import Host
import JSON
import Testing

@Suite struct EventReaderTests {
    private static let text = ": ping\n\ndata: {\"a\":\"é\"}\n\ndata: [DONE]\n\n"

    @Test func eventsAreTheSameHoweverTheyAreCut() {
        let bytes = Array(Self.text.utf8)
        for cut in 0...bytes.count {
            var reader = EventReader()
            let events = reader.events(bytes[..<cut]) + reader.events(bytes[cut...])
            #expect(events == ["{\"a\":\"é\"}", EventReader.end])
        }
    }

    @Test func anEventThatIsNotCompleteIsKept() {
        var reader = EventReader()
        #expect(reader.events(Array("data: abc".utf8)).isEmpty)
    }
}
