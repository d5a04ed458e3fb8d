import Foundation
import PluginHost
import Testing

@Suite(.timeLimit(.minutes(10))) struct BlockingExecutorTests {
    private actor Worker {
        private let executor: BlockingExecutor
        private var isBusy = false
        private(set) var overlaps = 0
        private(set) var done = 0

        init(on pool: BlockingPool) { executor = BlockingExecutor(on: pool) }

        nonisolated var unownedExecutor: UnownedSerialExecutor {
            executor.asUnownedSerialExecutor()
        }

        /// Blocks its thread until `gate` opens.
        func wait(at gate: Gate) {
            gate.pass()
        }

        func work() {
            if isBusy { overlaps += 1 }
            isBusy = true
            sched_yield()
            isBusy = false
            done += 1
        }

        func open(_ gate: Gate) {
            gate.open()
        }

        /// Has ever more to do until `gate` opens.
        func goOn(until gate: Gate) async {
            while !gate.isOpen { await Task.yield() }
        }
    }

    private final class Gate: Sendable {
        private let state = Monitor((waiting: 0, isOpen: false))

        var waiting: Int { state.withLock { $0.waiting } }
        var isOpen: Bool { state.withLock { $0.isOpen } }

        func pass() {
            state.withLock { $0.waiting += 1 }
            _ = state.wait { $0.isOpen ? true : nil }
        }

        func open() {
            state.withLock { $0.isOpen = true }
        }
    }

    /// On the cooperative pool they would take every thread, and nobody could open the gate.
    @Test func actorsThatBlockHoldUpNoTask() async {
        let count = 2 * ProcessInfo.processInfo.activeProcessorCount
        let pool = BlockingPool("blocked", limit: count)
        let gate = Gate()
        await withTaskGroup { group in
            for _ in 0..<count { group.addTask { await Worker(on: pool).wait(at: gate) } }
            group.addTask {
                while gate.waiting < count { await Task.yield() }
                gate.open()
            }
        }
        #expect(gate.waiting == count)
    }

    @Test func anActorDoesOneThingAtATime() async {
        let worker = Worker(on: BlockingPool("pool", limit: 4))
        await withTaskGroup { group in
            for _ in 0..<500 { group.addTask { await worker.work() } }
        }
        #expect(await worker.done == 500)
        #expect(await worker.overlaps == 0)
    }

    /// One that never ends would keep the other from its turn.
    @Test func actorsOfOneCrewTakeTurns() async {
        let pool = BlockingPool("pool", limit: 1)
        let gate = Gate()
        async let long: Void = Worker(on: pool).goOn(until: gate)
        async let short: Void = Worker(on: pool).open(gate)
        _ = await (long, short)
        #expect(gate.isOpen)
    }
}
