import CKernels

/// Keys and values of every sequence, layer and position that attention has seen.
///
/// Positions live in pages of 32 that are allocated as sequences grow and shared by sequences that
/// were forked from one another; a shared page is copied when one of them writes to it. Layers with a
/// window let go of the pages that no later row sees. A batch is begun, written layer by layer by
/// `attention`, and committed as a whole or rolled back. One thread at a time.
public final class KVCache {
    public let layers: Int
    public let kvHeads: Int
    public let headSize: Int
    /// How many positions one sequence can hold.
    public let positions: Int

    private let groups: [LayerGroup]
    /// By layer.
    private let places: [Place]
    private var sequences: [Sequence]
    private var pending: [Int: Int] = [:]

    /// Layers that remember alike, and share their pages.
    private struct LayerGroup {
        /// The positions that a row sees; nil for all.
        let window: Int?
        let layout: KVPageLayout
    }

    /// Where a layer's keys and values are.
    private struct Place {
        let group: Int
        /// Among the layers of the group.
        let layer: Int
    }

    private struct Sequence {
        var length = 0
        /// One for each group.
        var runs: [PageRun]
    }

    /// - Parameters:
    ///   - element: F16, BF16, Q8_0, or F32 where memory matters less than the last digits.
    ///   - windows: for each layer how many positions its rows see, their own the last; nil for all. A
    ///     layer lets go of the others where that is at least half of a sequence.
    /// - Throws: `element` for any other type.
    public init(
        layers: Int, kvHeads: Int, headSize: Int, sequences: Int, positions: Int,
        element: ElementType = .f16, windows: [Int?]? = nil
    ) throws(TensorError) {
        try KVPageLayout.require(element, of: "a key-value cache")
        precondition(windows.map { $0.count == layers && $0.allSatisfy { $0 ?? 1 > 0 } } ?? true)
        self.layers = layers
        self.kvHeads = kvHeads
        self.headSize = headSize
        self.positions = positions
        let windows = (windows ?? Array(repeating: nil, count: layers)).map { window in
            window.flatMap { Self.isWorthKeeping($0, positions) ? $0 : nil }
        }
        let kinds = Set(windows).sorted { $0 ?? .max < $1 ?? .max }
        var counts = Array(repeating: 0, count: kinds.count)
        places = windows.map { window in
            let group = kinds.firstIndex(of: window) ?? 0
            defer { counts[group] += 1 }
            return Place(group: group, layer: counts[group])
        }
        groups = zip(kinds, counts).map { window, count in
            LayerGroup(
                window: window,
                layout: KVPageLayout(
                    layers: count, kvHeads: kvHeads, headSize: headSize, element: element))
        }
        let runs = Array(repeating: PageRun(), count: groups.count)
        self.sequences = Array(repeating: Sequence(runs: runs), count: sequences)
    }

    /// Whether a sequence can return to any of its positions: no layer lets go of any.
    public var remembersAll: Bool { groups.allSatisfy { $0.window == nil } }

    /// The bytes of all pages in use, counting shared ones once.
    public var byteCount: Int {
        groups.indices.reduce(0) { sum, group in
            let pages = Set(sequences.flatMap { $0.runs[group].identities })
            return sum + pages.count * groups[group].layout.byteCount
        }
    }

    /// The committed positions of a sequence.
    public func length(of sequence: Int) throws(TensorError) -> Int {
        try check(sequence)
        return sequences[sequence].length
    }

    public func clear(_ sequence: Int) throws(TensorError) {
        try truncate(sequence, to: 0)
    }

    /// The least length but 0 to which a sequence can return: what rows from there on see is still here.
    public func earliestReturn(of sequence: Int) throws(TensorError) -> Int {
        try check(sequence)
        let runs = sequences[sequence].runs
        let earliest = zip(groups, runs).map { group, run in
            run.first == 0 ? 0 : run.first * group.layout.positions + (group.window ?? 1) - 1
        }
        return earliest.max() ?? 0
    }

    /// Removes the positions from `length` on.
    ///
    /// - Throws: `outOfRange` for more than there are, and for fewer than layers with a window can return
    ///   to, unless it is 0.
    public func truncate(_ sequence: Int, to length: Int) throws(TensorError) {
        try check(sequence, holds: length)
        sequences[sequence].length = length
        dropPages(of: sequence, past: length)
    }

    /// Makes `target` the first `length` positions of `source`; its previous content is lost.
    public func fork(_ source: Int, to target: Int, length: Int) throws(TensorError) {
        try check(source, holds: length)
        try check(target)
        var copy = sequences[source]
        copy.length = length
        sequences[target] = copy
        dropPages(of: target, past: length)
    }

    /// Reserves space for a batch, whose rows continue their sequences.
    ///
    /// - Throws: `outOfRange`, `brokenOrder` or `full`; then nothing has changed.
    public func begin(_ rows: SequenceRows) throws(TensorError) {
        precondition(pending.isEmpty, "the last batch was neither committed nor rolled back")
        var lengths: [Int: Int] = [:]
        for run in rows.runs {
            try check(run.sequence)
            let length = lengths[run.sequence] ?? sequences[run.sequence].length
            guard run.firstPosition == length else {
                throw .brokenOrder(
                    sequence: run.sequence, found: run.firstPosition, expected: length)
            }
            guard length + run.rows.count <= positions else {
                throw .full(sequence: run.sequence, positions: positions)
            }
            lengths[run.sequence] = length + run.rows.count
        }
        for (sequence, length) in lengths { makeRoom(in: sequence, upTo: length) }
        pending = lengths
    }

    /// Keeps what `attention` has written since `begin`.
    public func commit() {
        for (sequence, length) in pending {
            sequences[sequence].length = length
            for (index, group) in groups.enumerated() {
                guard let window = group.window else { continue }
                // The next row sees its own position and those before it.
                sequences[sequence].runs[index].drop(before: length - window + 1, group.layout)
            }
        }
        pending = [:]
    }

    /// Discards what `attention` has written since `begin`.
    public func rollback() {
        for sequence in pending.keys { dropPages(of: sequence, past: sequences[sequence].length) }
        pending = [:]
    }

    /// Whether `begin` has reserved space for these rows.
    func hasBegun(_ rows: SequenceRows) -> Bool {
        rows.runs.allSatisfy { run in
            run.firstPosition + run.rows.count <= pending[run.sequence] ?? 0
        }
    }

    private func makeRoom(in sequence: Int, upTo length: Int) {
        let start = sequences[sequence].length
        for (index, group) in groups.enumerated() {
            sequences[sequence].runs[index].makeRoom(from: start, upTo: length, group.layout)
        }
    }

    private func dropPages(of sequence: Int, past length: Int) {
        for (index, group) in groups.enumerated() {
            sequences[sequence].runs[index].drop(past: length, group.layout)
        }
    }

    private func check(_ sequence: Int) throws(TensorError) {
        guard sequences.indices.contains(sequence) else {
            throw .outOfRange("a sequence", found: sequence, expected: sequences.indices)
        }
    }

    private func check(_ sequence: Int, holds length: Int) throws(TensorError) {
        if length == 0 { return try check(sequence) }
        let held = try earliestReturn(of: sequence)..<sequences[sequence].length + 1
        guard held.contains(length) else {
            throw .outOfRange(
                "the length of sequence \(sequence)", found: length, expected: held)
        }
    }
}

// MARK: - For attention

extension KVCache {
    /// A layer's part of a page: the layout of its group, and its place there.
    func layout(of layer: Int) -> (layout: KVPageLayout, layer: Int) {
        (groups[places[layer].group].layout, places[layer].layer)
    }

    /// The positions that the rows of a layer may see; nil for all.
    func window(of layer: Int) -> Int? { groups[places[layer].group].window }

    func pages(of sequence: Int, layer: Int) -> PageRun {
        sequences[sequence].runs[places[layer].group]
    }
}

// MARK: - Sizes

extension KVCache {
    /// The bytes of one head of keys and values in a page of one layer.
    public static func pageBytes(headSize: Int, element: ElementType) -> Int {
        let bytes = KVPageLayout.bytes(headSize: headSize, element: element)
        return bytes.keys + bytes.values
    }

    /// The pages of a layer that a sequence takes between batches.
    public static func pages(positions: Int, window: Int?) -> Int {
        guard let window, isWorthKeeping(window, positions) else { return pages(positions) }
        return pagesOfWindow(window)
    }

    /// Whether a window needs at most half of the pages of all positions: less is not worth that a sequence
    /// cannot return to its beginnings.
    private static func isWorthKeeping(_ window: Int, _ positions: Int) -> Bool {
        window < positions && 2 * pagesOfWindow(window) <= pages(positions)
    }

    private static func pages(_ positions: Int) -> Int {
        let size = Int(RK_PAGE)
        return positions / size + (positions % size > 0 ? 1 : 0)
    }

    /// Of the next row's window the positions before its own, which begin and end within a page.
    private static func pagesOfWindow(_ window: Int) -> Int {
        let size = Int(RK_PAGE)
        return (window + size - 3) / size + 1
    }
}
