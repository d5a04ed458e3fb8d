/// The pages of one sequence in layers that remember alike: all up to its end, or the last of them.
struct PageRun {
    /// Of the sequence's pages, the first that is here.
    private(set) var first = 0
    private var pages: [KVPage] = []

    var isEmpty: Bool { pages.isEmpty }

    /// Those that are here.
    var identities: [ObjectIdentifier] { pages.map(ObjectIdentifier.init) }

    /// By its number in the sequence.
    subscript(_ page: Int) -> KVPage { pages[page - first] }

    /// Of all the sequence's pages, NULL for those that are no longer here.
    var addresses: [UnsafeRawPointer?] {
        [UnsafeRawPointer?](repeating: nil, count: first)
            + pages.map { UnsafeRawPointer($0.storage.base) }
    }

    /// Appends pages until `length` positions fit, and copies a shared page that will be written to.
    ///
    /// - Parameter start: the first position that will be written.
    mutating func makeRoom(from start: Int, upTo length: Int, _ layout: KVPageLayout) {
        let written = start / layout.positions - first
        if written < pages.count, !isKnownUniquelyReferenced(&pages[written]) {
            pages[written] = pages[written].copy()
        }
        while (first + pages.count) * layout.positions < length {
            pages.append(KVPage(byteCount: layout.byteCount))
        }
    }

    /// Drops the pages that hold only positions from `length` on.
    mutating func drop(past length: Int, _ layout: KVPageLayout) {
        if length == 0 { first = 0 }
        let kept = max(0, (length + layout.positions - 1) / layout.positions - first)
        if pages.count > kept { pages.removeLast(pages.count - kept) }
    }

    /// Drops the pages that hold only positions before `position`.
    mutating func drop(before position: Int, _ layout: KVPageLayout) {
        let gone = min(max(0, position / layout.positions - first), pages.count)
        pages.removeFirst(gone)
        first += gone
    }
}
