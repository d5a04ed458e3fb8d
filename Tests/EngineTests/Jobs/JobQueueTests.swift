import Engine
import PluginHost
import Synchronization
import Testing

/// What clients and a loop see of a queue; the engines' tests drive it through their loops.
@Suite struct JobQueueTests {
    @Test func jobsAreCollectedOnceInTheirOrder() throws {
        let queue = JobQueue<TestJob>(limit: 3)
        let jobs = [TestJob(), TestJob()]
        for job in jobs { try queue.submit(job) }
        #expect(
            queue.collect(waits: false)?.map(ObjectIdentifier.init)
                == jobs.map(ObjectIdentifier.init))
        #expect(queue.collect(waits: false)?.isEmpty == true)
    }

    @Test func countsFollowAJobFromItsSubmissionToItsEnd() throws {
        let queue = JobQueue<TestJob>(limit: 3)
        let job = TestJob()
        try queue.submit(job)
        #expect((queue.statistics.waiting, queue.statistics.running) == (1, 0))
        for _ in 0..<2 { queue.begin(job) }
        #expect((queue.statistics.waiting, queue.statistics.running) == (0, 1))
        for _ in 0..<2 { queue.leave(job, as: \.finished) }
        #expect(queue.statistics.open == 0 && queue.statistics.finished == 1)
        #expect(queue.statistics.accepted == 1 && queue.statistics.jobTime.count == 1)
    }

    @Test func aJobThatNeedsNoStepIsOnlyCounted() throws {
        let queue = JobQueue<TestJob>(limit: 0)
        try queue.submit(TestJob(), needsStep: false)
        #expect(queue.statistics.finished == 1 && queue.statistics.open == 0)
        #expect(queue.collect(waits: false)?.isEmpty == true)
    }

    @Test func aFullQueueRefusesAndSaysForHowLong() throws {
        let queue = JobQueue<TestJob>(limit: 1, parallel: 1)
        let jobs = [TestJob(), TestJob()]
        for job in jobs { try queue.submit(job) }
        #expect(throws: EngineError.overloaded(queued: 1, retryAfter: .seconds(1))) {
            try queue.submit(TestJob())
        }
        #expect(queue.statistics.refused == 1)
        queue.leave(jobs[0], as: \.cancelled)
        try queue.submit(TestJob())
    }

    @Test func aCostlyJobIsTakenOnlyWhereThereIsNoOther() throws {
        let queue = JobQueue<TestJob>(limit: 9, costLimit: 10)
        let costly = TestJob(cost: 50)
        try queue.submit(costly)
        #expect(throws: EngineError.self) { try queue.submit(TestJob()) }
        queue.leave(costly, as: \.finished)
        try queue.submit(TestJob(cost: 9))
        try queue.submit(TestJob())
        #expect(throws: EngineError.self) { try queue.submit(TestJob()) }
    }

    @Test func aQueueThatDrainsTakesNoMoreAndWaitsForTheRest() async throws {
        let queue = JobQueue<TestJob>(limit: 9)
        let job = TestJob()
        try queue.submit(job)
        await queue.drain(upTo: .zero)
        #expect(throws: EngineError.draining) { try queue.submit(TestJob()) }
        #expect(queue.statistics.open == 1 && job.failures.isEmpty)
        queue.leave(job, as: \.finished)
        await queue.drain(upTo: .seconds(300))
    }

    @Test func aStoppedQueueEndsItsJobsAndItsLoop() throws {
        let queue = JobQueue<TestJob>(limit: 9)
        let jobs = [TestJob(), TestJob()]
        for job in jobs { try queue.submit(job) }
        queue.begin(jobs[0])
        queue.stop()
        #expect(jobs.allSatisfy { $0.failures == [.stopped] })
        #expect(queue.statistics.failed == 2 && queue.statistics.open == 0)
        #expect(queue.collect(waits: true) == nil)
        #expect(throws: EngineError.stopped) { try queue.submit(TestJob()) }
        // What the loop still says of a job that has ended counts no more.
        queue.leave(jobs[0], as: \.finished)
        #expect(queue.statistics.finished == 0)
    }

    @Test func aLoopThatWaitsIsWokenByAJobARingAndItsDeadline() throws {
        let queue = JobQueue<TestJob>(limit: 9)
        #expect(queue.collect(waits: true, until: .now)?.isEmpty == true)
        queue.ring()
        #expect(queue.collect(waits: true)?.isEmpty == true)
        try queue.submit(TestJob())
        #expect(queue.collect(waits: true)?.count == 1)
    }

    @Test func aCallIsAskedToStopOnceItServesNobody() throws {
        let queue = JobQueue<TestJob>(limit: 9)
        let jobs = [TestJob(), TestJob()]
        let model = InterruptedModel()
        queue.call(model, for: jobs, as: \.steps) {
            jobs[0].isCancelled = true
            queue.ring()
            #expect(model.requests == 0)
            jobs[1].isCancelled = true
            queue.ring()
            #expect(model.requests == 1)
        }
        queue.ring()
        #expect(model.requests == 1 && queue.statistics.steps == 1)
    }
}

private final class TestJob: EngineJob, @unchecked Sendable {
    let submitted = MonotonicTime.now
    let cost: Int
    var hasBegun = false
    var isCancelled = false
    private(set) var failures: [EngineError] = []

    init(cost: Int = 1) {
        self.cost = cost
    }

    func fail(_ error: any Error) {
        if let error = error as? EngineError { failures.append(error) }
    }
}

/// A model that is only ever asked to stop.
private final class InterruptedModel: LoadedModel {
    let description = ModelDescription(pluginID: "", pluginVersion: "", family: "")
    let vocabulary: Vocabulary? = nil
    private let count = Mutex(0)

    var requests: Int { count.withLock { $0 } }

    func call<Call: ModelCall>(_ call: Call, deadline: Duration?) throws -> Call.Result {
        throw ModelFailure.unavailable(reason: "nothing is called here", retryAfter: nil)
    }

    func requestCancel() { count.withLock { $0 += 1 } }

    func close() {}
}
