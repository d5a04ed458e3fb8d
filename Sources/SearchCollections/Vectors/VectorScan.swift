import CVectorIndex
import Dispatch

/// Finds the codes nearest to a vector by reading all of them.
struct VectorScan: Sendable {
    let snapshot: CodesFile.Snapshot
    let dimensions: Int

    /// A scan of fewer codes is over before a second thread has begun.
    private static let worthwhile = 16_384

    /// The `count` best keys of the slots from `first` on, the best first; of equal scores, the
    /// lower key first.
    ///
    /// - Parameters:
    ///   - allowed: a bit per slot, or nil for all.
    ///   - threads: how many may work on it.
    func best(
        _ count: Int, for vector: [Float], from first: Int = 0, allowed: SlotSet? = nil,
        threads: Int
    ) -> [Int64] {
        let segments = first / CodesSegment.slots..<snapshot.segments.count
        let isSmall = snapshot.count - first < Self.worthwhile
        let shares = isSmall ? 1 : max(1, min(threads, segments.count))
        let perShare = (segments.count + shares - 1) / shares
        var code = [Int8](repeating: 0, count: rv_stride(dimensions))
        let hits: [rv_hit] = code.withUnsafeMutableBufferPointer { code in
            let query = rv_query_make(vector, dimensions, code.baseAddress)
            let results = ShareResults(shares)
            let work = Work(query: query, first: first, allowed: allowed, count: count)
            DispatchQueue.concurrentPerform(iterations: shares) { share in
                let start = segments.lowerBound + share * perShare
                let end = min(start + perShare, segments.upperBound)
                results[share] = start < end ? scan(start..<end, work) : []
            }
            return results.all
        }
        return hits.sorted { ($0.score, $1.slot) > ($1.score, $0.slot) }.prefix(count)
            .map { snapshot.key(Int($0.slot)) }
    }

    private struct Work: @unchecked Sendable {
        let query: rv_query
        let first: Int
        let allowed: SlotSet?
        let count: Int

        func withAllowed(_ body: (UnsafePointer<UInt64>?) -> Void) {
            guard let allowed else { return body(nil) }
            allowed.words.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }

    private func scan(_ segments: Range<Int>, _ work: Work) -> [rv_hit] {
        withUnsafePointer(to: work.query) { query in
            [rv_hit](unsafeUninitializedCapacity: work.count) { buffer, count in
                var best = rv_best(hit: buffer.baseAddress, capacity: work.count, count: 0)
                for index in segments { scan(index, query, work, &best) }
                count = best.count
            }
        }
    }

    private func scan(
        _ index: Int, _ query: UnsafePointer<rv_query>, _ work: Work, _ best: inout rv_best
    ) {
        let base = index * CodesSegment.slots
        let start = max(0, work.first - base)
        let end = min(CodesSegment.slots, snapshot.count - base)
        guard start < end else { return }
        let segment = snapshot.segments[index]
        work.withAllowed { allowed in
            rv_scan(
                query, segment.code(start), segment.scales + start, end - start, allowed,
                UInt32(base + start), &best)
        }
    }
}

/// What each share of a scan found. Each share writes only its own element; all are read at the
/// end.
private final class ShareResults: @unchecked Sendable {
    private let shares: UnsafeMutableBufferPointer<[rv_hit]>

    init(_ count: Int) {
        shares = .allocate(capacity: count)
        shares.initialize(repeating: [])
    }

    deinit {
        shares.deinitialize()
        shares.deallocate()
    }

    subscript(share: Int) -> [rv_hit] {
        get { shares[share] }
        set { shares[share] = newValue }
    }

    var all: [rv_hit] { shares.flatMap { $0 } }
}

/// A set of slots, one bit each.
struct SlotSet: Sendable {
    private(set) var words: [UInt64]
    private(set) var count = 0

    init(slots: Int) {
        words = [UInt64](repeating: 0, count: (slots + 63) / 64 + 1)
    }

    mutating func insert(_ slot: Int) {
        words[slot >> 6] |= 1 << UInt64(slot & 63)
        count += 1
    }

    func contains(_ slot: Int) -> Bool { words[slot >> 6] >> UInt64(slot & 63) & 1 == 1 }
}
