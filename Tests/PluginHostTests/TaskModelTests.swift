import Glibc
import PluginHost
import Testing

/// Tasks in-process and in a worker: their events, their ends, and what they cannot do to the host.
@Suite struct TaskModelTests {
    /// Advances a task until it is done.
    private func events(_ model: any LoadedModel, _ id: JobID) throws -> [String] {
        var events: [String] = []
        while true {
            let progress = try model.advanceTask(id, for: .milliseconds(5), deadline: patience)
            events += progress.events.map { String(decoding: $0, as: UTF8.self) }
            if progress.done {
                #expect(progress.step == events.count && progress.of == events.count)
                return events
            }
        }
    }

    private func begin(_ model: any LoadedModel, _ input: String = "{\"n\": 10}") throws -> JobID {
        try model.beginTask("count", input: Array(input.utf8), deadline: patience)
    }

    @Test(arguments: Isolation.allCases)
    func eventsComeInSlicesUntilTheTaskIsDone(_ isolation: Isolation) throws {
        let model = try openVectors(isolation)
        defer { model.close() }
        let (first, second) = (try begin(model), try begin(model, "{\"n\": 3}"))
        let slice = try model.advanceTask(first, for: .milliseconds(5), deadline: nil)
        #expect(slice.events.count == 4 && !slice.done && slice.step == 4 && slice.of == 10)
        // Between its slices another task, and a call of another kind.
        #expect(try events(model, second) == (0..<3).map { "{\"i\": \($0)}" })
        #expect(try model.vectors(of: ["a"]).count == 1)
        let rest = try model.advanceTask(first, for: .milliseconds(5), deadline: nil)
        #expect(rest.events == (4..<8).map { Array("{\"i\": \($0)}".utf8) })
        try model.endJob(first)
        try model.endJob(second)
    }

    @Test(arguments: Isolation.allCases)
    func aTaskThatIsOverOrUnknownIsRefused(_ isolation: Isolation) throws {
        let model = try openVectors(isolation)
        defer { model.close() }
        let id = try begin(model, "1")
        _ = try events(model, id)
        let calls: [() throws -> Void] = [
            { _ = try model.advanceTask(id, for: .zero, deadline: nil) },
            { _ = try model.advanceTask(JobID(rawValue: 77), for: .zero, deadline: nil) },
            { try model.endJob(JobID(rawValue: 77)) },
            { _ = try model.beginTask("other", input: [], deadline: nil) },
            { _ = try begin(model, "no number") },
        ]
        for call in calls {
            guard case .refused(.argument, _, _) = failure(of: call) else {
                Issue.record("a call that makes no sense was made")
                return
            }
        }
        try model.endJob(id)
        guard case .refused(.argument, _, _) = failure(of: { try model.endJob(id) }) else {
            Issue.record("a task was ended twice")
            return
        }
    }

    /// The plugin aborts when its context goes with a task in it.
    @Test(arguments: Isolation.allCases)
    func tasksLeftOpenAreEndedWithTheModel(_ isolation: Isolation) throws {
        let log = LogRecorder()
        let model = try openVectors(isolation, log: log.handler)
        for _ in 0..<3 { _ = try begin(model) }
        model.close()
        // An image in this process is attached once, with the log of whoever came first.
        if isolation == .worker {
            #expect(eventually { log.lines.count { $0.text.contains("task ended") } == 3 })
        }
    }

    @Test(arguments: Isolation.allCases)
    func tooManyTasksAreRefused(_ isolation: Isolation) throws {
        let model = try openVectors(isolation)
        defer { model.close() }
        for _ in 0..<256 { _ = try begin(model) }
        guard case .refused(.busy, .retryable, _) = failure(of: { _ = try begin(model) }) else {
            Issue.record("a 257th task was begun")
            return
        }
    }

    @Test(arguments: Isolation.allCases, ["unbounded", "burst", "ragged", "positive"])
    func eventsThatAreNoneAreFound(_ isolation: Isolation, deed: String) throws {
        let model = try openVectors(isolation, config: settings(at: "advance", do: deed))
        defer { model.close() }
        let id = try begin(model)
        let failure = failure { _ = try model.advanceTask(id, for: .zero, deadline: nil) }
        guard case .broken("advance", _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        // After a failure only its end may follow.
        try model.endJob(id)
    }

    @Test(arguments: Isolation.allCases)
    func aJobThatIsNullIsFound(_ isolation: Isolation) throws {
        let model = try openVectors(isolation, config: settings(at: "begin", do: "null"))
        defer { model.close() }
        guard case .broken("begin", _) = failure(of: { _ = try begin(model) }) else {
            Issue.record("a job that is null was believed")
            return
        }
    }

    @Test(arguments: ["begin", "advance", "end"], ["segv", "exit0", "spam", "hang"])
    func aCallThatEndsItsProcessIsReported(_ step: String, deed: String) async throws {
        let found = try await BlockingThread.run("tasks") {
            let limit = deed == "hang" ? shortPatience : patience
            let model = try openVectors(
                .worker, config: settings(at: step, do: deed), limit: limit)
            defer { model.close() }
            return failure {
                let id = try model.beginTask("count", input: Array("9".utf8), deadline: limit)
                _ = try model.advanceTask(id, for: .zero, deadline: limit)
                try model.endJob(id)
            }
        }
        switch found {
        case .crashed(let death):
            #expect(death.step == step)
            #expect(deed != "hang")
        case .hung(let at, _, _): #expect(at == step && deed == "hang")
        default: Issue.record("\(String(describing: found))")
        }
    }
}
