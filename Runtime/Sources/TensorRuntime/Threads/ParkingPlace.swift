import Glibc
import Synchronization

/// A lock that puts waiting threads to sleep.
final class Lock: @unchecked Sendable {
    fileprivate let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func withLock<R>(_ body: () -> R) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}

/// Where threads sleep until somebody wakes them all; with nobody asleep, waking costs one load.
final class ParkingPlace: @unchecked Sendable {
    private let lock = Lock()
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let parked = Atomic(0)

    init() {
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
    }

    /// Sleeps while `isIdle` holds, which the caller of `wakeAll` must have made false before.
    func park(while isIdle: () -> Bool) {
        lock.withLock {
            parked.add(1, ordering: .sequentiallyConsistent)
            while isIdle() { pthread_cond_wait(condition, lock.mutex) }
            parked.subtract(1, ordering: .sequentiallyConsistent)
        }
    }

    func wakeAll() {
        if parked.load(ordering: .sequentiallyConsistent) == 0 { return }
        lock.withLock { _ = pthread_cond_broadcast(condition) }
    }
}
