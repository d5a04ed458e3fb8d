import PluginHost
import Synchronization
import Testing

@Suite struct SharedLockTests {
    /// Who holds the lock.
    private final class Holders: Sendable {
        let counts = Mutex((sharing: 0, alone: 0))
    }

    @Test func whoWantsToBeAloneIs() async {
        let lock = SharedLock()
        let holders = Holders()
        await withTaskGroup { group in
            for number in 0..<200 {
                group.addTask {
                    await BlockingThread.run("turn") {
                        if number.isMultiple(of: 5) {
                            lock.exclusively {
                                holders.counts.withLock { inside in
                                    #expect(inside.sharing == 0 && inside.alone == 0)
                                    inside.alone += 1
                                }
                                holders.counts.withLock { $0.alone -= 1 }
                            }
                        } else {
                            lock.shared {
                                holders.counts.withLock { inside in
                                    #expect(inside.alone == 0)
                                    inside.sharing += 1
                                }
                                holders.counts.withLock { $0.sharing -= 1 }
                            }
                        }
                    }
                }
            }
        }
        #expect(holders.counts.withLock { $0.sharing + $0.alone } == 0)
    }

    /// Each leaves only when all have come in.
    @Test func theOthersAreSideBySide() async {
        let (lock, inside) = (SharedLock(), Monitor(0))
        await withTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    await BlockingThread.run("turn") {
                        lock.shared {
                            inside.withLock { $0 += 1 }
                            #expect(inside.wait(atMost: patience) { $0 == 4 ? true : nil } == true)
                        }
                    }
                }
            }
        }
    }
}
