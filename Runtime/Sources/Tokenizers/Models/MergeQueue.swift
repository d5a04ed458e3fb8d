/// The candidate merges of a word, the best first: a binary heap.
struct MergeQueue {
    struct Candidate {
        /// The rank, then the index of the left symbol.
        let order: UInt64
        /// Where the right symbol ends, which reveals an outdated candidate.
        let end: UInt32
        /// The merged token.
        let id: Int32

        init(rank: UInt32, left: UInt32, end: UInt32, id: Int32) {
            order = UInt64(rank) << 32 | UInt64(left)
            self.end = end
            self.id = id
        }

        var left: UInt32 { UInt32(truncatingIfNeeded: order) }
    }

    private var heap: [Candidate] = []

    /// Adds a candidate without keeping the order; ``order()`` restores it.
    mutating func collect(_ candidate: Candidate) { heap.append(candidate) }

    /// Puts the collected candidates in order, in linear time.
    mutating func order() {
        for parent in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(parent) }
    }

    mutating func insert(_ candidate: Candidate) {
        heap.append(candidate)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard candidate.order < heap[parent].order else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = candidate
    }

    mutating func removeFirst() -> Candidate? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            sink(0)
        }
        return first
    }

    private mutating func sink(_ start: Int) {
        let candidate = heap[start]
        var parent = start
        while 2 * parent + 1 < heap.count {
            var child = 2 * parent + 1
            if child + 1 < heap.count && heap[child + 1].order < heap[child].order { child += 1 }
            guard heap[child].order < candidate.order else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = candidate
    }
}
