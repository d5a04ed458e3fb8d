/// Finds a token's id by its spelling.
///
/// Open addressing over one buffer of all spellings, at most half full. Hashes are seeded for each
/// process, so that no file can make them collide on purpose.
struct TokenTable: Sendable {
    /// The spelling of each id.
    let spellings: ByteStrings
    /// The length of the longest spelling that can be found.
    private(set) var longest = 0

    private var slots: [Int32]
    private let mask: Int

    /// - Parameters:
    ///   - spellings: the spelling of each id; empty ones are never found.
    ///   - included: the ids that can be found.
    /// - Throws: ``TokenizerError/tokenTwice(token:)`` when two of them are spelled alike.
    init(_ spellings: ByteStrings, where included: (Int) -> Bool = { _ in true }) throws {
        var capacity = 16
        while capacity < 2 * spellings.count { capacity *= 2 }
        self.spellings = spellings
        mask = capacity - 1
        slots = [Int32](repeating: -1, count: capacity)
        for id in 0..<spellings.count where !spellings[id].isEmpty && included(id) {
            let spelling = spellings.bytes.span.extracting(spellings.range(id))
            let slot = self.slot(of: spelling)
            guard slots[slot] < 0 else {
                throw TokenizerError.tokenTwice(token: spellings.text(id))
            }
            slots[slot] = Int32(id)
            longest = max(longest, spelling.count)
        }
    }

    /// The id spelled `spelling`, or nil.
    func find(_ spelling: Span<UInt8>) -> Int32? {
        guard !spelling.isEmpty && spelling.count <= longest else { return nil }
        let id = slots[slot(of: spelling)]
        return id < 0 ? nil : id
    }

    func find(_ spelling: ArraySlice<UInt8>) -> Int32? { find(spelling.span) }

    func find(_ spelling: String) -> Int32? { find(spelling.utf8.span) }

    /// The slot where `spelling` is, or else where it would go.
    private func slot(of spelling: Span<UInt8>) -> Int {
        var slot = Int(truncatingIfNeeded: Hash.of(spelling)) & mask
        while slots[slot] >= 0 && !isSpelled(slots[slot], spelling) { slot = (slot + 1) & mask }
        return slot
    }

    private func isSpelled(_ id: Int32, _ spelling: Span<UInt8>) -> Bool {
        let range = spellings.range(Int(id))
        guard range.count == spelling.count else { return false }
        let own = spellings.bytes.span.extracting(range)
        for i in own.indices where own[i] != spelling[i] { return false }
        return true
    }
}
