import Engine
import Host
import JSON
import Testing

/// Tasks of any plugin: `count` of a model of the tests stands for one that the host has never heard of.
@Suite struct TaskRouteTests {
    private struct Left: Error {}

    private static let hostTask = Task {
        try await TestHost(models: TestHost.counter() + TestHost.markov + TestHost.wordbag())
    }
    private var host: TestHost { get async throws { try await Self.hostTask.value } }

    private let path = "/v1/tasks/org/counter/count"

    @Test func tasksAreListedWithWhatTheyTakeAndGive() async throws {
        let list = try await host.client.send("GET", "/v1/tasks").json
        let tasks = list["data"]?.array ?? []
        #expect(list["object"] == "list")
        #expect(tasks.map { $0["task"] } == ["count", "answer", "entities"])
        #expect(tasks[0]["object"] == "task" && tasks[0]["model"] == "org/counter")
        #expect(tasks[0]["input_schema"]?["properties"]?["n"]?["type"] == "integer")
        #expect(tasks[0]["event_schema"]?["required"] == ["i"])
        let model = try await host.client.send("GET", "/v1/models/org%2Fcounter").json
        #expect(model["meta"]?["tasks"] == ["count"])
    }

    @Test(arguments: ["/v1/tasks/org/counter/count", "/tasks/org%2Fcounter/count"])
    func oneAnswerHoldsAllEvents(_ path: String) async throws {
        let answer = try await host.client.post(path, ["input": ["n": 9]])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["data"]?.array == (0..<9).map { ["i": .integer($0)] })
        #expect(answer.json["model"] == "org/counter" && answer.json["task"] == "count")
    }

    @Test func aStreamHasEachEventAsThePluginMadeIt() async throws {
        let events = try await host.client.stream(path, ["input": ["n": 9], "stream": true])
        #expect(events == (0..<9).map { "{\"i\":\($0)}" })
    }

    @Test func aTaskWithARouteOfItsOwnIsThereAsWell() async throws {
        let answer = try await host.client.post(
            "/v1/tasks/words/entities", ["input": ["texts": ["Ann ran"]]])
        #expect(answer.json["data"]?[0]?["entities"]?[0]?["text"] == "Ann", "\(answer.text)")
    }

    @Test(arguments: [false, true])
    func whatTheSchemaDoesNotAllowIsRefusedByItsPath(streams: Bool) async throws {
        let cases: [(JSONValue, String, String)] = [
            (["n": "9"], "input.n", "'input.n' is a string, expected an integer"),
            (["n": -1], "input.n", "'input.n' is -1, expected at least 0"),
            ([:], "input.n", "'input.n' is missing, expected an integer"),
            (["n": 1, "m": 2], "input.m", "'input.m' is not known, expected 'n'"),
            (7, "input", "'input' is 7, expected an object"),
        ]
        for (input, param, says) in cases {
            let answer = try await host.client.post(
                path, ["input": input, "stream": .bool(streams)])
            #expect(answer.status == 400 && answer.error["param"]?.string == param)
            #expect(answer.error["message"]?.string == says)
        }
        let none = try await host.client.post(path, [:])
        #expect(none.error["code"] == "missing_required_parameter")
    }

    @Test func whatIsNotThereIsNamed() async throws {
        for (path, says) in [
            ("/v1/tasks/org/counter/sum", "the model has no task 'sum'; there is 'count'"),
            ("/v1/tasks/markov/count", "the model has no task 'count'; there is none"),
            ("/v1/tasks/count", "a task has the address /v1/tasks/{model}/{task}"),
        ] {
            let answer = try await host.client.post(path, ["input": 1])
            #expect(answer.status == 404 && answer.error["message"]?.string == says, "\(path)")
        }
        let model = try await host.client.post("/v1/tasks/nobody/count", ["input": 1])
        #expect(model.status == 404 && model.error["code"] == "model_not_found")
        #expect(try await host.client.send("GET", path).status == 405)
    }

    @Test func whatThePluginRefusesIsTheClientsMistake() async throws {
        // Its schema allows everything, the plugin wants a number.
        let host = try await TestHost(models: TestHost.counter(at: "list_json", does: "pattern"))
        let answer = try await host.client.post(path, ["input": "many"])
        #expect(answer.status == 400 && answer.error["param"] == "input", "\(answer.text)")
        #expect(
            answer.error["message"]?.string?.contains("no number in the input") == true,
            "\(answer.text)")
        try await host.stop()
    }

    @Test func aTaskWhoseSchemaIsNotUnderstoodIsWarnedOfAndNotServed() async throws {
        let host = try await TestHost(models: TestHost.counter(at: "list_json", does: "pattern"))
        let listed = try await host.client.send("GET", "/v1/tasks").json["data"]?.array
        #expect(listed?.map { $0["task"] } == ["count"])
        let status = try await host.client.send("GET", "/admin/models/org%2Fcounter").json
        let says =
            "the task 'spell' is not served: its input_schema cannot be used: the keyword "
            + "'pattern' at 'properties.word' is not understood, expected type, enum"
        let warnings = status["warnings"]?.array?.compactMap(\.string) ?? []
        #expect(warnings.contains { $0.hasPrefix(says) }, "\(warnings)")
        let answer = try await host.client.post("/v1/tasks/org/counter/spell", ["input": [:]])
        #expect(answer.status == 500 && answer.error["message"]?.string?.hasPrefix(says) == true)
        try await host.stop()
    }

    @Test func anEventThatIsNotAsThePluginSaysEndsTheTask() async throws {
        let host = try await TestHost(models: TestHost.counter(at: "advance", does: "shape"))
        let answer = try await host.client.post(path, ["input": ["n": 2]])
        #expect(answer.status == 502, "\(answer.text)")
        #expect(
            answer.error["message"]?.string?.contains(
                "\"i\" is a string, expected an integer") == true, "\(answer.text)")
        let engine = #"{model="org/counter",engine="vectors"}"#
        try await host.client.wait(for: "roost_jobs_running" + engine) { $0 == 0 }
        try await host.stop()
    }

    @Test func aClientThatLeavesEndsTheTask() async throws {
        let host = try await TestHost(models: TestHost.counter())
        let endless: JSONValue = ["input": ["n": 1_000_000], "stream": true]
        await #expect(throws: Left.self) {
            try await host.client.events("POST", path, body: endless) { _ in throw Left() }
        }
        let asking = Task { try await host.client.post(path, ["input": ["n": 1_000_000]]) }
        let engine = #"{model="org/counter",engine="vectors"}"#
        try await host.client.wait(for: "roost_jobs_accepted_total" + engine) { $0 == 2 }
        asking.cancel()
        _ = await asking.result
        try await host.client.wait(for: "roost_jobs_cancelled_total" + engine) { $0 == 2 }
        try await host.client.wait(for: "roost_jobs_running" + engine) { $0 == 0 }
        try await host.stop()
    }

    @Test func aModelThatFailsInTheMiddleEndsTheStreamWithAnError() async throws {
        let host = try await TestHost(models: TestHost.counter(at: "advance", does: "garbage"))
        let events = try await host.client.stream(path, ["input": ["n": 3], "stream": true])
        let error = try JSONValue(parsing: try #require(events.last))["error"]
        #expect(error?["code"] == "model_failed")
        try await host.stop()
    }
}
