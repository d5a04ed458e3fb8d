import Engine
import JSON
import PluginHost
import Services
import Testing

@Suite struct ModelTasksTests {
    private let tasks = ModelTasks([
        TaskDescription(name: "count", inputSchema: ["type": "integer"]),
        TaskDescription(name: "spell", inputSchema: ["pattern": "a+"]),
        TaskDescription(name: "any"),
    ])

    @Test func aTaskWhoseSchemaIsNotUnderstoodIsNotServedAndSaysWhy() throws {
        #expect(tasks.served.map(\.name) == ["count", "any"])
        let warning = try #require(tasks.warnings.first)
        #expect(tasks.warnings.count == 1)
        #expect(
            warning.hasPrefix(
                "the task 'spell' is not served: its input_schema cannot be used: "
                    + "the keyword 'pattern' is not understood, expected type, "))
        #expect {
            try tasks.task("spell")
        } throws: {
            "\($0)" == warning
        }
    }

    @Test func anUnknownTaskNamesThoseThatThereAre() {
        #expect {
            try tasks.task("sum")
        } throws: {
            "\($0)" == "the model has no task 'sum'; there is 'count', 'any'"
        }
        #expect(throws: TaskRefusal.unknown("sum", known: [])) { try ModelTasks([]).task("sum") }
    }

    @Test func eventsAreHeldToTheTasksOwnSchema() throws {
        let tasks = ModelTasks([
            TaskDescription(
                name: "count",
                eventSchema: ["type": "object", "properties": ["i": ["type": "integer"]]]),
            TaskDescription(name: "any", eventSchema: ["pattern": "a+"]),
        ])
        let count = try tasks.task("count")
        #expect(try count.checked(event: ["i": 3]) == ["i": 3])
        #expect(
            throws: EngineError.modelFailed(
                attempts: 1,
                failure: "the plugin broke its contract in advance: an event of 'count' is not as "
                    + "its event_schema says: \"i\" is a string, expected an integer")
        ) { try count.checked(event: ["i": "three"]) }
        // A schema that is not understood holds nothing back, and is warned of.
        #expect(try tasks.task("any").checked(event: "b") == "b")
        #expect(tasks.warnings.count == 1)
        #expect(tasks.warnings[0].hasPrefix("the events of the task 'any' are not checked: its"))
    }

    @Test func inputIsHeldToTheTasksOwnSchema() throws {
        try tasks.task("count").check(3)
        #expect(throws: JSONViolation.self) { try tasks.task("count").check("3") }
        try tasks.task("any").check("3")
    }
}
