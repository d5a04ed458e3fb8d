/// A map from pairs of numbers to pairs of numbers: (left, right) to (rank, merged), or
/// (node, byte) to the next node. Built once, then only read.
struct PairTable: Sendable {
    private struct Slot {
        var key = UInt64.max
        var rank: UInt32 = 0
        var id: Int32 = 0
    }

    private var slots: [Slot]
    private var mask: Int
    private(set) var count = 0

    init(minimumCapacity: Int = 0) {
        var capacity = 16
        while capacity < 2 * minimumCapacity { capacity *= 2 }
        slots = [Slot](repeating: Slot(), count: capacity)
        mask = capacity - 1
    }

    func find(_ left: Int32, _ right: Int32) -> (rank: UInt32, id: Int32)? {
        let key = Self.key(left, right)
        let slot = slots[place(of: key)]
        return slot.key == key ? (slot.rank, slot.id) : nil
    }

    /// Stores a pair unless it exists already: of two merges of one pair, the earlier counts.
    mutating func insert(_ left: Int32, _ right: Int32, rank: UInt32, id: Int32) {
        if 2 * (count + 1) > slots.count { grow() }
        let key = Self.key(left, right)
        let place = place(of: key)
        guard slots[place].key != key else { return }
        slots[place] = Slot(key: key, rank: rank, id: id)
        count += 1
    }

    /// Numbers are never negative, so that no key is the mark of an empty slot.
    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private func place(of key: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: Hash.of(key)) & mask
        while slots[place].key != key && slots[place].key != .max { place = (place + 1) & mask }
        return place
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(), count: 2 * old.count)
        mask = slots.count - 1
        for slot in old where slot.key != .max { slots[place(of: slot.key)] = slot }
    }
}
