import Engine
import Host
import JSON
import NIOHTTP1
import Synchronization
import Testing

/// A response as the tests look at it.
struct Answer: Sendable {
    let status: Int
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
    var error: JSONValue { json["error"] ?? .null }
}

extension HostClient {
    func send(
        _ method: String, _ path: String, _ body: String? = nil, headers: [(String, String)] = []
    ) async throws -> Answer {
        try await send(method, path, bytes: body.map { Array($0.utf8) }, headers: headers)
    }

    func send(
        _ method: String, _ path: String, bytes: [UInt8]?, headers: [(String, String)] = []
    ) async throws -> Answer {
        try await exchange(method, path, headers: headers, body: bytes) { head, parts in
            let pairs = head.headers.map { ($0.name.lowercased(), $0.value) }
            return Answer(
                status: Int(head.status.code),
                headers: Dictionary(pairs, uniquingKeysWith: { "\($0), \($1)" }),
                body: try await Self.collect(&parts))
        }
    }

    func post(_ path: String, _ body: JSONValue) async throws -> Answer {
        try await send("POST", path, body.serialized())
    }

    /// All events of a stream.
    func stream(_ path: String, _ body: JSONValue) async throws -> [String] {
        let events = Mutex<[String]>([])
        try await self.events("POST", path, body: body) { event in
            events.withLock { $0.append(event) }
        }
        return events.withLock { $0 }
    }

    /// Waits for a metric of one of a model's engines.
    func wait(
        for metric: String, of model: String, _ engine: String, _ holds: (Double) -> Bool
    ) async throws {
        try await wait(for: "\(metric){model=\"\(model)\",engine=\"\(engine)\"}", holds)
    }

    /// Waits for a metric to reach a value; one request after the other, for at most two minutes.
    ///
    /// The value must be one that stays, until the test itself goes on.
    func wait(for metric: String, _ holds: (Double) -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(120)
        while .now < end {
            let lines = try await send("GET", "/metrics").text.split(separator: "\n")
            let line = lines.first { $0.hasPrefix(metric + " ") }
            if let value = line?.split(separator: " ").last.flatMap({ Double($0) }), holds(value) {
                return
            }
        }
        Issue.record("\(metric) did not get there within two minutes")
    }
}

/// A completion of two minutes by the slow model: without end for a test.
let endless: JSONValue = [
    "model": "slow", "prompt": "a", "stream": true, "max_tokens": 6000,
    "logit_bias": ["256": -100, "257": -100],
]
