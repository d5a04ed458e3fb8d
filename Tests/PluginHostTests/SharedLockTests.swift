import PluginHost
import Synchronization
import Testing

@Suite struct SharedLockTests {
    /// Who holds the lock.
    private final class Holders: Sendable {
        let counts = Mutex((sharing: 0, alone: 0))
    }

    @Test func whoWantsToBeAloneIsAndTheOthersAreSideBySide() async {
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
}
