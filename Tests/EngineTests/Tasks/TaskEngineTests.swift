import Engine
import JSON
import PluginHost
import Testing

@Suite struct TaskEngineTests {
    /// All numbers that a task counted.
    private func numbers(
        _ stream: JobEvents<JSONValue>
    ) async throws -> [Int] {
        var numbers: [Int] = []
        for try await event in stream { numbers.append(event["i"]?.integer ?? -1) }
        return numbers
    }

    @Test func eventsComeInOrderAndTheTaskIsEnded() async throws {
        let world = VectorWorld()
        let engine = try world.engine()
        #expect(try await numbers(engine.run(task: "count", input: 9)) == Array(0..<9))
        #expect(world.begun == 1 && world.ended == 1)
        #expect(engine.statistics.taskSteps == 5 && engine.statistics.finished == 1)
    }

    @Test func aTaskGoesOnBetweenTheStepsOfTexts() async throws {
        let (world, gate) = gated(at: 0)
        let engine = try world.engine { $0.tokenBudget = 64 }
        let long = await engine.begin((0..<100).map { "a text of some length \($0)" })
        await gate.reached()
        async let task = numbers(engine.run(task: "count", input: 10))
        async let other = numbers(engine.run(task: "count", input: 8))
        await eventually { engine.statistics.accepted == 3 }
        gate.pass()
        #expect(try await task == Array(0..<10))
        #expect(try await other == Array(0..<8))
        #expect(try await long.value.vectors.count == 100)
        // Both tasks were under way together.
        #expect(Set(world.advances.prefix(6)).count == 2)
    }

    @Test func aReaderThatIsBehindPausesItsTask() async throws {
        let world = VectorWorld()
        let engine = try world.engine { $0.backlog = 6 }
        let stream = try engine.run(task: "count", input: 1000)
        await eventually { engine.statistics.taskSteps == 3 }
        // It is paused: others have all the steps, and it none.
        for index in 0..<20 { _ = try await engine.embed(["text \(index)"]) }
        #expect(world.advances.count == 3)
        #expect(try await numbers(stream) == Array(0..<1000))
        #expect(world.ended == 1)
    }

    @Test func aReaderThatStandsStillForTooLongIsLeft() async throws {
        let world = VectorWorld()
        let engine = try world.engine {
            $0.backlog = 2
            $0.stallLimit = .milliseconds(1)
        }
        let stream = try engine.run(task: "count", input: 1000)
        await eventually { world.ended == 1 }
        await #expect(throws: EngineError.self) { _ = try await numbers(stream) }
        #expect(engine.statistics.failed == 1)
    }

    @Test func aStreamThatIsDroppedEndsItsTask() async throws {
        let world = VectorWorld()
        let engine = try world.engine { $0.backlog = 4 }
        do {
            var events = try engine.run(task: "count", input: 1_000_000).makeAsyncIterator()
            #expect(try await events.next()?["i"] == 0)
        }
        await eventually { world.ended == 1 }
        #expect(world.begun == 1)
        await eventually { engine.statistics.cancelled == 1 }
    }

    @Test func aReaderThatIsCancelledEndsItsTask() async throws {
        let gate = Gatekeeper()
        let world = VectorWorld(taskScript: { advance in
            if advance == 1 { gate.stop() }
            return nil
        })
        let engine = try world.engine()
        let reader = Task { try await numbers(engine.run(task: "count", input: 100)) }
        await gate.reached()
        reader.cancel()
        // A stream whose reader is cancelled ends, with an error or without.
        _ = try? await reader.value
        #expect(world.cancelRequests == 1)
        gate.pass()
        await eventually { world.ended == 1 }
        #expect(world.advances.count == 2)
    }

    @Test func anEndlessTaskIsNoMoreThanASlowOne() async throws {
        let world = VectorWorld(taskScript: { _ in
            JobProgress(events: [Array("{\"i\": 1}".utf8)], done: false)
        })
        let engine = try world.engine { $0.backlog = 10 }
        var events = try engine.run(task: "count", input: 1).makeAsyncIterator()
        for _ in 0..<50 { _ = try await events.next() }
        #expect(try await engine.embed(["a"]).vectors.count == 1)
        #expect(world.advances.count <= 62)
        await engine.stop()
        await eventually { world.ended == 1 }
    }

    // MARK: - Silence

    /// It would keep two processes busy for ever. Nobody else loses the model for it.
    @Test func aTaskThatComesToNothingIsFoundOut() async throws {
        let world = VectorWorld(taskScript: { _ in JobProgress(done: false) })
        let engine = try world.engine { $0.idleSlices = 30 }
        let error = await #expect(throws: EngineError.self) {
            try await numbers(engine.run(task: "count", input: 1))
        }
        #expect(
            error?.description.contains(
                "in advance: no event, no progress and no end in 30 calls that came to nothing")
                == true)
        #expect(world.advances.count == 30 && world.ended == 1 && world.launches == 1)
        #expect(engine.statistics.failed == 1)
        #expect(try await engine.embed(["a"]).vectors == [world.vector(of: "a")])
    }

    @Test func aTaskThatWorksWithoutAWordForTooLongIsFoundOut() async throws {
        let world = VectorWorld(taskScript: { _ in JobProgress(done: false) })
        let engine = try world.engine {
            $0.taskSlice = .zero
            $0.silenceLimit = .milliseconds(1)
        }
        let error = await #expect(throws: EngineError.self) {
            try await numbers(engine.run(task: "count", input: 1))
        }
        #expect(error?.description.contains("in advance: no event, no progress") == true)
        #expect(world.ended == 1 && world.launches == 1)
    }

    @Test func aTaskThatGetsOnMayBeSilent() async throws {
        let world = VectorWorld(taskScript: { advance in
            JobProgress(done: advance == 200, step: advance / 20)
        })
        let engine = try world.engine { $0.idleSlices = 30 }
        #expect(try await numbers(engine.run(task: "count", input: 1)).isEmpty)
        #expect(world.advances.count == 201)
    }

    // MARK: - Failures

    @Test func aTaskThatHasShownNothingBeginsAnewAfterACrash() async throws {
        let world = VectorWorld(taskScript: { advance in
            if advance == 0 { throw ModelFailure.segfault }
            return nil
        })
        let engine = try world.engine()
        #expect(try await numbers(engine.run(task: "count", input: 5)) == Array(0..<5))
        #expect(world.launches == 2 && world.begun == 2 && world.ended == 1)
    }

    @Test func aTaskThatCrashesEachTimeEnds() async throws {
        let world = VectorWorld(taskScript: { _ in throw ModelFailure.segfault })
        let engine = try world.engine()
        let error = await #expect(throws: EngineError.self) {
            try await numbers(engine.run(task: "count", input: 5))
        }
        guard case .modelFailed(2, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(world.launches == 3 || world.launches == 2)
        #expect(try await engine.embed(["a"]).vectors == [world.vector(of: "a")])
    }

    /// What was shown cannot be taken back.
    @Test func aTaskThatIsLostInTheMiddleEndsWithAnError() async throws {
        let gate = Gatekeeper()
        let world = VectorWorld(
            taskScript: { advance in
                if advance == 1 { gate.stop() }
                return nil
            }, script: { step, _ in step == 0 ? .segfault : nil })
        let engine = try world.engine()
        let task = Task { try await numbers(engine.run(task: "count", input: 100)) }
        await gate.reached()
        let text = await engine.begin(["a"])
        gate.pass()
        let error = await #expect(throws: EngineError.self) { try await task.value }
        #expect(error?.description.contains("in the middle of the task") == true)
        #expect(try await text.value.vectors == [world.vector(of: "a")])
        #expect(world.ended == 0)
    }

    @Test(arguments: ["[1]", "{\"i\": }", "", "{} {}", "\"a\""])
    func eventsThatAreNoObjectsEndTheTask(event: String) async throws {
        let world = VectorWorld(taskScript: { _ in
            JobProgress(events: [Array(event.utf8)], done: true)
        })
        let engine = try world.engine()
        let error = await #expect(throws: EngineError.self) {
            try await numbers(engine.run(task: "count", input: 1))
        }
        #expect(error?.description.contains("an event is no JSON object") == true)
    }

    @Test func inputThatTheModelRefusesIsTheCallersMistake() async throws {
        let engine = try VectorWorld().engine()
        await #expect(
            throws: EngineError.invalidParameter(name: "input", reason: "is refused: not a number")
        ) { _ = try await numbers(engine.run(task: "count", input: "many")) }
        await #expect(throws: EngineError.unsupported("the task 'sum'")) {
            _ = try await numbers(engine.run(task: "sum", input: 1))
        }
    }

    @Test func aStoppedEngineEndsItsTasks() async throws {
        let world = VectorWorld()
        let engine = try world.engine { $0.backlog = 2 }
        let stream = try engine.run(task: "count", input: 100)
        await eventually { world.advances.count == 1 }
        await engine.stop()
        await #expect(throws: EngineError.stopped) { _ = try await numbers(stream) }
        await eventually { world.begun == 1 && world.ended == 1 }
    }
}
