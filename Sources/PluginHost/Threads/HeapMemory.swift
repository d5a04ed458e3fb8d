import CHostShims
import Synchronization

/// The memory that the allocator keeps.
///
/// glibc gives every thread that allocates while others do a heap of its own, up to eight a core, and
/// each keeps what it once held.
package enum HeapMemory {
    /// Enough for the threads of several requests to allocate concurrently.
    private static let mostHeaps: Int32 = 8

    /// Bounds the number of heaps; before threads are started.
    package static func bound() {
        roost_bound_heaps(mostHeaps)
    }

    /// Gives back what is free, if that has grown to much since it was done last.
    ///
    /// Walks all heaps, which takes milliseconds; not for the cooperative pool.
    package static func trim() {
        let free = Int(roost_free_in_heaps())
        guard free > left.withLock({ $0 }) + tolerated else { return }
        roost_trim_heaps()
        left.withLock { $0 = Int(roost_free_in_heaps()) }
    }

    /// Bytes that are kept for what comes next.
    private static let tolerated = 16 << 20
    /// What could not be given back the last time.
    private static let left = Mutex(0)
}
