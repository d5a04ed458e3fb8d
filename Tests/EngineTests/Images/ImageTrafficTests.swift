import Engine
import PluginHost
import Testing

@Suite struct ImageTrafficTests {
    /// Orders of every kind side by side, some of whose readers leave, over a model that crashes now and
    /// then: who stays has the images that an undisturbed model would have made.
    @Test(arguments: 0..<6) func whoStaysHasTheRightImages(seed: UInt64) async throws {
        let world = ImageWorld(capacity: 3) { number, call, _ in
            if call != .begin, number % 97 == 60 { throw ModelFailure.segfault }
        }
        let engine = try world.engine {
            $0.queueLimit = 100
            // Several crashes may hit one image here, though it is to blame for none.
            $0.retries = 20
        }
        var random = TestRandom(state: seed)
        var tasks: [(requests: [ImageRequest], leaves: Bool, task: Task<[ImageEvent], any Error>)] =
            []
        for index in 0..<30 {
            let requests = imageRequests(
                "\(index)", count: .random(in: 1...3, using: &random),
                steps: .random(in: 1...9, using: &random))
            let previews = Int.random(in: 0...4, using: &random)
            let task = await engine.begin(requests, previews: previews)
            tasks.append((requests, Int.random(in: 0..<5, using: &random) == 0, task))
        }
        for (_, leaves, task) in tasks where leaves { task.cancel() }
        for (requests, leaves, task) in tasks {
            let events = try? await task.value
            if leaves, events == nil { continue }
            let expected = requests.map { ImageWorld.image($0, steps: $0.steps) }
            #expect(events?.images == expected)
        }
        await eventually { engine.statistics.open == 0 }
        let statistics = engine.statistics
        #expect(statistics.failed == 0)
        #expect(statistics.finished + statistics.cancelled == statistics.accepted)
        #expect(statistics.recoveries == world.launches - 1)
    }
}
