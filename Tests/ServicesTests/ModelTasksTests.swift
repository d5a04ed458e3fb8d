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

    @Test func inputIsHeldToTheTasksOwnSchema() throws {
        try tasks.task("count").check(3)
        #expect(throws: JSONViolation.self) { try tasks.task("count").check("3") }
        try tasks.task("any").check("3")
    }
}
