import Engine
import Synchronization

/// Counts requests by route and status, and how long they took.
package final class HTTPMetrics: Sendable {
    fileprivate struct Key: Hashable {
        let route: String
        let method: String
        let status: Int
    }

    private struct Counts {
        var requests: [Key: Int] = [:]
        var seconds: [String: Histogram] = [:]
    }

    private let counts = Mutex(Counts())

    package init() {}

    package func record(route: String, method: String, status: Int, elapsed: Duration) {
        let method = Self.methods.contains(method) ? method : "other"
        counts.withLock { counts in
            counts.requests[Key(route: route, method: method, status: status), default: 0] += 1
            counts.seconds[route, default: Histogram()].observe(elapsed)
        }
    }

    package func write(to text: inout PrometheusText) {
        let counts = counts.withLock { $0 }
        text.begin("roost_requests_total", .counter, "HTTP requests by route, method and status.")
        for (key, count) in counts.requests.sorted(by: { $0.key.sortsBefore($1.key) }) {
            let labels = [
                ("route", key.route), ("method", key.method), ("status", String(key.status)),
            ]
            text.sample("roost_requests_total", labels, Double(count))
        }
        text.begin("roost_request_seconds", .histogram, "Time from request to end of response.")
        for (route, histogram) in counts.seconds.sorted(by: { $0.key < $1.key }) {
            text.histogram("roost_request_seconds", [("route", route)], histogram)
        }
    }

    /// Clients may send any word as a method; these have a label of their own.
    private static let methods: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
    ]
}

extension HTTPMetrics.Key {
    fileprivate func sortsBefore(_ other: Self) -> Bool {
        (route, method, status) < (other.route, other.method, other.status)
    }
}
