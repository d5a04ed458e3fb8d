import Synchronization
import TensorRuntime
import Testing

@Suite struct ThreadPoolTests {
    @Test func everyItemRunsOnce() {
        for count in [0, 1, 2, 7, 1000] {
            let runs = Mutex([Int](repeating: 0, count: count))
            ThreadPool.shared.parallel(count) { index in runs.withLock { $0[index] += 1 } }
            #expect(runs.withLock { $0.allSatisfy { $0 == 1 } })
        }
    }

    @Test func manyShortJobsInARowAllEndBeforeTheirCallReturns() {
        let total = Atomic(0)
        for job in 1...3000 {
            ThreadPool.shared.parallel(4) { _ in total.add(1, ordering: .relaxed) }
            if total.load(ordering: .relaxed) != 4 * job {
                Issue.record("job \(job) returned early")
                return
            }
        }
    }

    @Test func aJobInsideAJobRunsOnItsOwnThread() {
        let total = Atomic(0)
        ThreadPool.shared.parallel(8) { _ in
            ThreadPool.shared.parallel(8) { _ in total.add(1, ordering: .relaxed) }
        }
        #expect(total.load(ordering: .relaxed) == 64)
    }

    @Test func callersOnSeveralThreadsTakeTurns() async {
        let total = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let mine = Atomic(0)
                    for _ in 0..<100 {
                        ThreadPool.shared.parallel(16) { _ in mine.add(1, ordering: .relaxed) }
                    }
                    return mine.load(ordering: .relaxed)
                }
            }
            return await group.reduce(0, +)
        }
        #expect(total == 4 * 100 * 16)
    }
}
