import Engine
import Host
import JSON
import Testing

/// What becomes of streams when somebody leaves.
@Suite struct StreamLifeTests {
    private struct Left: Error {}

    @Test func aClientThatLeavesStopsTheWork() async throws {
        let host = try await TestHost(models: TestHost.slow())
        await #expect(throws: Left.self) {
            try await host.client.events("POST", "/v1/completions", body: endless) { _ in
                throw Left()
            }
        }
        try await host.client.wait(for: "roost_jobs_running", of: "slow", "text") { $0 == 0 }
        try await host.client.wait(for: "roost_jobs_cancelled_total", of: "slow", "text") {
            $0 == 1
        }
        try await host.stop()
    }

    @Test func aClientThatLeavesWithoutAStreamStopsTheWorkToo() async throws {
        let host = try await TestHost(models: TestHost.slow("parallel = 2"))
        var request = try #require(endless.object)
        request["stream"] = nil
        request["n"] = 4
        let body = JSONValue.object(request)
        let asking = Task { try await host.client.post("/v1/completions", body) }
        try await host.client.wait(for: "roost_jobs_running", of: "slow", "text") { $0 > 0 }
        asking.cancel()
        _ = await asking.result
        try await host.client.wait(for: "roost_jobs_running", of: "slow", "text") { $0 == 0 }
        try await host.client.wait(for: "roost_jobs_cancelled_total", of: "slow", "text") {
            $0 > 0
        }
        try await host.stop()
    }

    @Test func aSilentStreamIsKeptAliveByCommentsBetweenItsEvents() async throws {
        let host = try await TestHost(
            models: TestHost.slow(pace: 900), ping: .milliseconds(20))
        var request = try #require(endless.object)
        request["max_tokens"] = 2
        let answer = try await host.client.post("/v1/completions", .object(request))
        let blocks = answer.text.split(separator: "\n\n")
        #expect(blocks.filter { $0 == ": ping" }.count > 2)
        #expect(blocks.allSatisfy { $0 == ": ping" || $0.hasPrefix("data: ") })
        #expect(blocks.last == "data: [DONE]")
        try await host.stop()
    }

    @Test func aFullQueueIsRefusedWithATimeToRetry() async throws {
        let host = try await TestHost(models: TestHost.slow("parallel = 1\nqueue = 1"))
        let first = Task { try await host.client.stream("/v1/completions", endless) }
        try await host.client.wait(for: "roost_jobs_running", of: "slow", "text") { $0 == 1 }
        let second = Task { try await host.client.stream("/v1/completions", endless) }
        try await host.client.wait(for: "roost_jobs_waiting", of: "slow", "text") { $0 == 1 }
        let third = try await host.client.post("/v1/completions", ["prompt": "a"])
        #expect(third.status == 429)
        #expect(third.error["code"] == "overloaded" && third.error["type"] == "rate_limit_error")
        #expect((third.headers["retry-after"].flatMap { Int($0) } ?? 0) >= 1)
        first.cancel()
        second.cancel()
        _ = await (first.result, second.result)
        try await host.client.wait(for: "roost_jobs_running", of: "slow", "text") { $0 == 0 }
        try await host.stop()
    }

    @Test func aHostThatStopsRefusesNewWorkAndSaysSoInItsStreams() async throws {
        let host = try await TestHost(models: TestHost.slow())
        let stream = Task { try await host.client.stream("/v1/completions", endless) }
        try await host.client.wait(for: "roost_jobs_running", of: "slow", "text") { $0 == 1 }
        let drained = Task { await host.server.workload.drain() }
        while !host.server.workload.isDraining { await Task.yield() }
        #expect(try await host.client.send("GET", "/readyz").status == 503)
        #expect(try await host.client.send("GET", "/healthz").status == 200)
        let refused = try await host.client.post("/v1/completions", ["prompt": "a"])
        #expect(refused.status == 503 && refused.error["code"] == "shutting_down")
        #expect(refused.headers["retry-after"] != nil)
        host.server.workload.cut()
        let events = try await stream.value
        let last = try JSONValue(parsing: try #require(events.last))
        #expect(last["error"]?["code"] == "shutting_down")
        await drained.value
        try await host.stop()
    }

    @Test func aStreamUnderWayEndsAsIfTheHostWereNotStopping() async throws {
        let host = try await TestHost(models: TestHost.slow())
        var request = try #require(endless.object)
        request["max_tokens"] = 20
        let body = JSONValue.object(request)
        let stream = Task { try await host.client.stream("/v1/completions", body) }
        try await host.client.wait(for: "roost_steps_total", of: "slow", "text") { $0 > 0 }
        await host.server.workload.drain()
        #expect(try await stream.value.last == EventReader.end)
        try await host.stop()
    }
}
