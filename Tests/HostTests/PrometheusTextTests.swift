import Engine
import Host
import Testing

@Suite struct PrometheusTextTests {
    @Test func labelsAreEscapedAndIntegersHaveNoPoint() {
        var text = PrometheusText()
        text.begin("m", .counter, "Help.")
        text.sample("m", [("a", "x\"y\\z\n")], 3)
        text.sample("m", [], 0.5)
        #expect(text.text == "# HELP m Help.\n# TYPE m counter\nm{a=\"x\\\"y\\\\z\\n\"} 3\nm 0.5\n")
    }

    @Test func bucketsAreCumulative() {
        var histogram = Histogram()
        for milliseconds in [0.5, 2, 2, 400_000] {
            histogram.observe(.milliseconds(milliseconds))
        }
        var text = PrometheusText()
        text.histogram("h", [("r", "/")], histogram)
        let lines = text.text.split(separator: "\n")
        #expect(lines[0] == "h_bucket{r=\"/\",le=\"0.001\"} 1")
        #expect(lines[1] == "h_bucket{r=\"/\",le=\"0.0025\"} 3")
        #expect(lines[lines.count - 3] == "h_bucket{r=\"/\",le=\"+Inf\"} 4")
        #expect(lines.last == "h_count{r=\"/\"} 4")
    }

    @Test func aMethodThatAClientInventsMakesNoNewSeries() {
        let metrics = HTTPMetrics()
        for method in ["GET", "BREW", "WHEN"] {
            metrics.record(route: "/", method: method, status: 200, elapsed: .zero)
        }
        var text = PrometheusText()
        metrics.write(to: &text)
        #expect(text.text.contains("method=\"other\",status=\"200\"} 2"))
        #expect(!text.text.contains("BREW"))
    }
}
