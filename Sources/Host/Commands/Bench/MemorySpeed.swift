import Engine
import Glibc
import PluginHost

/// What every weight has to come through when tokens are written one by one.
enum MemorySpeed {
    /// Reads memory that is in no cache on all processors at once, and takes the best of a few runs.
    static func bytesPerSecond() -> Double {
        let threads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let words = (256 << 20) / MemoryLayout<UInt64>.stride / threads
        let memory = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: words * threads)
        defer { memory.deallocate() }
        memory.initialize(repeating: 1)
        let shared = SharedWords(words: UnsafeBufferPointer(memory))
        let times = (0..<5).map { _ in
            ContinuousClock().measure { _ = shared.sums(of: threads, parts: words) }
        }
        let best = times.min() ?? .seconds(1)
        return Double(memory.count * MemoryLayout<UInt64>.stride) / best.inSeconds
    }
}

private struct SharedWords: @unchecked Sendable {
    let words: UnsafeBufferPointer<UInt64>

    /// The sum of each of `count` parts of `size` words, each on a thread of its own.
    func sums(of count: Int, parts size: Int) -> [UInt64] {
        BlockingThread.map("roost-memory", Array(0..<count), limit: count) { part in
            words[part * size..<(part + 1) * size].reduce(0, &+)
        }
    }
}
