import Engine
import PluginHost
import Testing

@Suite struct ImageEngineTests {
    @Test func imagesComeWithTheirStepsAndPreviews() async throws {
        let world = ImageWorld()
        let engine = try world.engine()
        let request = imageRequests("a", steps: 6)
        let events = try await engine.events(request, previews: 2)
        #expect(events.images == [ImageWorld.image(request[0], steps: 6)])
        #expect(events.last == .image(0, events.images[0]))
        #expect(events.previews == [2, 4].map { ImageWorld.image(request[0], steps: $0) })
        #expect(world.begun == 1 && world.ended == 1)
        let statistics = engine.statistics
        #expect(statistics.steps == 6 && statistics.previews == 2 && statistics.images == 1)
        #expect(statistics.finished == 1 && statistics.open == 0)
    }

    @Test func aRequestForMorePreviewsThanStepsGetsOneAStep() async throws {
        let engine = try ImageWorld().engine()
        let events = try await engine.events(imageRequests("a", steps: 3), previews: 50)
        #expect(events.previews.map(\.width) == [1, 2])
    }

    @Test func theImagesOfAnOrderAreMadeInTurn() async throws {
        let world = ImageWorld()
        let engine = try world.engine()
        let requests = imageRequests("a", count: 3, steps: 2)
        let events = try await engine.events(requests)
        #expect(events.images == requests.map { ImageWorld.image($0, steps: 2) })
        #expect(world.begun == 3 && world.ended == 3)
    }

    @Test func requestsShareTheModelStepByStep() async throws {
        let gate = Gatekeeper()
        let world = ImageWorld { number, _, _ in if number == 0 { gate.stop() } }
        let engine = try world.engine()
        let long = await engine.begin(imageRequests("long", count: 3, steps: 20))
        await gate.reached()
        let short = await engine.begin(imageRequests("short", steps: 4))
        let other = await engine.begin(imageRequests("other", steps: 4))
        gate.pass()
        #expect(try await short.value.images.count == 1)
        #expect(try await other.value.images.count == 1)
        #expect(try await long.value.images.count == 3)
        // While all three have something to do, each has every third step.
        let turns = world.steps.drop { $0 == "long" }.prefix(8)
        #expect(turns.count { $0 == "short" } >= 3 && turns.count { $0 == "other" } >= 3)
        #expect(world.steps.count == 60 + 8)
    }

    @Test func moreRequestsThanPlacesWait() async throws {
        let gate = Gatekeeper()
        let world = ImageWorld { number, _, _ in if number == 0 { gate.stop() } }
        let engine = try world.engine { $0.parallel = 2 }
        var tasks = [await engine.begin(imageRequests("0"))]
        await gate.reached()
        for index in 1..<5 { tasks.append(await engine.begin(imageRequests("\(index)"))) }
        gate.pass()
        for task in tasks { #expect(try await task.value.images.count == 1) }
        // The last one has no step while two others go on before it.
        #expect(Set(world.steps.prefix(6)) == ["0", "1"])
    }

    /// A model that holds fewer images than it is asked for is not asked again until one ends.
    @Test func aModelThatIsFullKeepsTheOthersWaiting() async throws {
        let gate = Gatekeeper()
        let world = ImageWorld(capacity: 1) { number, _, _ in if number == 0 { gate.stop() } }
        let engine = try world.engine()
        var tasks = [await engine.begin(imageRequests("0"))]
        await gate.reached()
        for index in 1..<4 { tasks.append(await engine.begin(imageRequests("\(index)"))) }
        gate.pass()
        for task in tasks { #expect(try await task.value.images.count == 1) }
        #expect(world.launches == 1 && world.ended == 4)
    }

    @Test func aFullQueueIsRefusedWithATimeToRetry() async throws {
        let gate = Gatekeeper()
        let world = ImageWorld { number, _, _ in if number == 0 { gate.stop() } }
        let engine = try world.engine { $0.queueLimit = 2 }
        let first = await engine.begin(imageRequests("a"))
        await gate.reached()
        let second = await engine.begin(imageRequests("b"))
        let error = #expect(throws: EngineError.self) { try engine.make(imageRequests("c")) }
        guard case .overloaded(2, let after) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(after >= .seconds(1) && engine.statistics.refused == 1)
        gate.pass()
        _ = try await (first.value, second.value)
        #expect(try await engine.events(imageRequests("c")).images.count == 1)
    }

    // MARK: - Leaving

    @Test func aReaderThatLeavesEndsItsImageWithinAStep() async throws {
        let gate = Gatekeeper()
        let world = ImageWorld { number, _, _ in if number == 2 { gate.stop() } }
        let engine = try world.engine()
        let task = await engine.begin(imageRequests("a", count: 5, steps: 1000))
        await gate.reached()
        task.cancel()
        _ = try? await task.value
        #expect(world.cancelRequests == 1)
        gate.pass()
        await eventually { world.ended == 1 }
        #expect(world.steps.count == 2)
        await eventually { engine.statistics.cancelled == 1 }
        #expect(engine.statistics.open == 0)
    }

    @Test func aStreamThatIsDroppedEndsItsImage() async throws {
        let world = ImageWorld()
        let engine = try world.engine()
        do {
            let request = imageRequests("a", count: 10, steps: 1000)
            var events = try engine.make(request).makeAsyncIterator()
            _ = try await events.next()
        }
        await eventually { engine.statistics.cancelled == 1 }
        await eventually { world.ended == world.begun }
    }

    @Test func aDrainedEngineFinishesWhatItHas() async throws {
        let gate = Gatekeeper()
        let world = ImageWorld { number, _, _ in if number == 1 { gate.stop() } }
        let engine = try world.engine()
        let task = await engine.begin(imageRequests("a", count: 2))
        await gate.reached()
        async let drained: Void = engine.drain(upTo: .seconds(3600))
        await eventually { (try? engine.make(imageRequests("late"))) == nil }
        #expect(throws: EngineError.draining) { try engine.make(imageRequests("late")) }
        gate.pass()
        await drained
        #expect(try await task.value.images.count == 2)
    }

    @Test func aStoppedEngineEndsItsImages() async throws {
        let gate = Gatekeeper()
        let world = ImageWorld { number, _, _ in if number == 1 { gate.stop() } }
        let engine = try world.engine { $0.stopPatience = .zero }
        let task = await engine.begin(imageRequests("a"))
        await gate.reached()
        await engine.stop()
        await #expect(throws: EngineError.stopped) { try await task.value }
        gate.pass()
        await eventually { world.begun == 1 && world.ended == 1 }
    }

    @Test func aModelWithoutImagesIsRefused() {
        #expect(throws: EngineError.unsupported("images")) {
            try ImageEngine(supervisor: VectorWorld().supervisor())
        }
    }
}
