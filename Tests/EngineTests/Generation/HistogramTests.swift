import Engine
import Testing

@Suite struct HistogramTests {
    @Test func anObservationFallsIntoTheFirstBucketThatHoldsIt() {
        var histogram = Histogram()
        for milliseconds in [1, 2, 3, 500_000] { histogram.observe(.milliseconds(milliseconds)) }
        #expect(histogram.counts[0] == 1)
        #expect(histogram.counts[1] == 1)
        #expect(histogram.counts[2] == 1)
        #expect(histogram.counts.last == 1)
        #expect(histogram.count == 4)
        #expect(abs(histogram.sum - 500.006) < 1e-9)
    }
}
