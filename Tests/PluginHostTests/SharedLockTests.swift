import PluginHost
import Synchronization
import Testing

@Suite struct SharedLockTests {
    @Test func whoWantsToBeAloneIsAndTheOthersAreSideBySide() async {
        let lock = SharedLock()
        let inside = Mutex((sharing: 0, alone: 0, most: 0))
        await withTaskGroup { group in
            for number in 0..<200 {
                group.addTask {
                    await BlockingThread.run("turn") {
                        if number.isMultiple(of: 5) {
                            lock.exclusively {
                                inside.withLock { inside in
                                    #expect(inside.sharing == 0 && inside.alone == 0)
                                    inside.alone += 1
                                }
                                inside.withLock { $0.alone -= 1 }
                            }
                        } else {
                            lock.shared {
                                inside.withLock { inside in
                                    #expect(inside.alone == 0)
                                    inside.sharing += 1
                                }
                                inside.withLock { $0.sharing -= 1 }
                            }
                        }
                    }
                }
            }
        }
        #expect(inside.withLock { $0.sharing + $0.alone } == 0)
    }
}
