import Engine
import PluginHost
import Testing

@Suite struct ImageRecoveryTests {
    /// Calls of an image of two steps: begin, step, preview, step, finish.
    @Test(arguments: 0..<5) func aCrashAtAnyCallLeavesNoTrace(number: Int) async throws {
        for failure in [ModelFailure.segfault, .hang] {
            let world = ImageWorld { found, _, _ in if found == number { throw failure } }
            let engine = try world.engine()
            let request = imageRequests("a", steps: 2)
            let events = try await engine.events(request, previews: 1)
            #expect(events.images == [ImageWorld.image(request[0], steps: 2)])
            #expect(world.launches == 2 && engine.statistics.recoveries == 1)
        }
    }

    @Test func anImageThatTakesTheModelDownEndsAloneAndOthersAreMade() async throws {
        let gate = Gatekeeper()
        let world = ImageWorld { number, call, prompt in
            if number == 0 { gate.stop() }
            if call == .step, prompt == "poison" { throw ModelFailure.segfault }
        }
        let engine = try world.engine()
        let good = await engine.begin(imageRequests("good", steps: 9))
        await gate.reached()
        let bad = await engine.begin(imageRequests("poison"))
        let other = await engine.begin(imageRequests("other", count: 2, steps: 9))
        gate.pass()
        let error = await #expect(throws: EngineError.self) { try await bad.value }
        guard case .modelFailed(2, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let expected = ImageWorld.image(imageRequests("good")[0], steps: 9)
        #expect(try await good.value.images == [expected])
        #expect(try await other.value.images.count == 2)
        #expect(world.launches == 3 && engine.statistics.failed == 1)
    }

    @Test func whatTheModelDoesNotTakeIsTheCallersMistake() async throws {
        let refusal = ModelFailure.refused(code: .argument, flags: [], message: "no such thing")
        let world = ImageWorld { _, call, _ in if call == .begin { throw refusal } }
        let engine = try world.engine()
        let error = await #expect(throws: ModelFailure.self) {
            try await engine.events(imageRequests("a"))
        }
        #expect(error == refusal && world.launches == 1)
    }

    @Test func aStepThatIsRefusedIsTriedOnceMore() async throws {
        let refusal = ModelFailure.refused(code: .internal, flags: [], message: "no")
        let once = ImageWorld { number, _, _ in if number == 1 { throw refusal } }
        #expect(try await once.engine().events(imageRequests("a")).images.count == 1)
        #expect(once.launches == 1 && once.begun == 2 && once.ended == 2)
        let always = ImageWorld { _, call, _ in if call == .step { throw refusal } }
        let engine = try always.engine()
        await #expect(throws: EngineError.modelFailed(attempts: 2, failure: "no")) {
            try await engine.events(imageRequests("a"))
        }
        #expect(always.ended == 2)
    }

    @Test func aPreviewThatIsRefusedIsDoneWithout() async throws {
        let refusal = ModelFailure.refused(code: .internal, flags: [], message: "no")
        let world = ImageWorld { _, call, _ in if call == .preview { throw refusal } }
        let events = try await world.engine().events(
            imageRequests("a", steps: 9), previews: 3)
        #expect(events.previews.isEmpty && events.images.count == 1)
        #expect(world.begun == 1)
    }

    @Test func aModelThatIsNeverDoneIsFoundOut() async throws {
        let world = ImageWorld(ends: false)
        let engine = try world.engine()
        let error = await #expect(throws: EngineError.self) {
            try await engine.events(imageRequests("a"))
        }
        #expect(error?.description.contains("in step: no end after 2064 steps") == true)
        // It cost nobody else the model.
        #expect(world.launches == 1 && world.begun == 1 && world.ended == 1)
    }

    @Test func aModelInQuarantineSaysWhenToComeBack() async throws {
        var policy = RestartPolicy.eager
        policy.failureLimit = 1
        policy.quarantine = .seconds(1000)
        let world = ImageWorld { _, _, _ in throw ModelFailure.segfault }
        let engine = try ImageEngine(supervisor: world.supervisor(policy))
        for _ in 0..<2 {
            let error = await #expect(throws: EngineError.self) {
                try await engine.events(imageRequests("a"))
            }
            let wait = try #require(error?.retryAfter)
            #expect(wait > .seconds(500) && wait <= .seconds(1000))
        }
        #expect(world.launches == 1)
    }
}
