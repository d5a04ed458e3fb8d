import Glibc
import Synchronization

/// Keeps the blocks of freed temporaries for the next step, so that a token needs no system calls.
///
/// Blocks come in four sizes per power of two. At most `limit` bytes are kept; the rest goes back
/// to the system at once.
final class BlockCache: Sendable {
    static let shared = BlockCache(limit: 32 << 20)

    private struct Shelves {
        var free = [[UInt]](repeating: [], count: 4 * Int.bitWidth)
        var bytes = 0
    }

    private let limit: Int
    private let shelves = Mutex(Shelves())

    init(limit: Int) {
        self.limit = limit
    }

    /// - Returns: at least `byteCount` bytes, aligned to 64.
    func take(_ byteCount: Int) -> UnsafeMutableRawPointer {
        let (shelf, size) = Self.shelf(for: byteCount)
        let kept = shelves.withLock { shelves -> UInt? in
            guard let block = shelves.free[shelf].popLast() else { return nil }
            shelves.bytes -= size
            return block
        }
        return kept.flatMap(UnsafeMutableRawPointer.init(bitPattern:))
            ?? Self.allocate(size)
    }

    /// - Parameter byteCount: the size the block was requested with.
    func give(_ block: UnsafeMutableRawPointer, _ byteCount: Int) {
        let (shelf, size) = Self.shelf(for: byteCount)
        let kept = shelves.withLock { shelves in
            guard shelves.bytes + size <= limit else { return false }
            shelves.free[shelf].append(UInt(bitPattern: block))
            shelves.bytes += size
            return true
        }
        if !kept { block.deallocate() }
    }

    /// Large blocks request huge pages: weights are read from end to end for every token, and a 2
    /// MB page takes one address translation instead of 512.
    private static func allocate(_ size: Int) -> UnsafeMutableRawPointer {
        let hugePage = 2 << 20
        guard size >= 2 * hugePage else { return .allocate(byteCount: size, alignment: 64) }
        let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: hugePage)
        madvise(block, size, MADV_HUGEPAGE)
        return block
    }

    /// - Returns: the shelf for blocks of this many bytes, and the size of the blocks on it.
    static func shelf(for byteCount: Int) -> (index: Int, size: Int) {
        let needed = max(byteCount, 256)
        let log = Int.bitWidth - 1 - (needed - 1).leadingZeroBitCount
        let quarter = 1 << (log - 2)
        let quarters = (needed + quarter - 1) / quarter
        return (4 * log + quarters - 4, quarters * quarter)
    }
}
