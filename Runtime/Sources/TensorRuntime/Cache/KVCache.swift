import CKernels

/// Keys and values of every sequence, layer and position that attention has seen.
///
/// Positions live in pages of 32 that are allocated as sequences grow and shared by sequences that
/// were forked from one another; a shared page is copied when one of them writes to it. A batch is
/// begun, written layer by layer by `attention`, and committed as a whole or rolled back.
/// One thread at a time.
public final class KVCache {
    public let layers: Int
    public let kvHeads: Int
    public let headSize: Int
    /// How many positions one sequence can hold.
    public let positions: Int

    let layout: KVPageLayout
    private var sequences: [Sequence]
    private var pending: [Int: Int] = [:]

    private struct Sequence {
        var length = 0
        var pages: [KVPage] = []
    }

    /// - Parameter element: F16, BF16, Q8_0, or F32 where memory matters less than the last digits.
    /// - Throws: `element` for any other type.
    public init(
        layers: Int, kvHeads: Int, headSize: Int, sequences: Int, positions: Int,
        element: ElementType = .f16
    ) throws(TensorError) {
        try KVPageLayout.require(element, of: "a key-value cache")
        self.layers = layers
        self.kvHeads = kvHeads
        self.headSize = headSize
        self.positions = positions
        layout = KVPageLayout(
            layers: layers, kvHeads: kvHeads, headSize: headSize, element: element)
        self.sequences = Array(repeating: Sequence(), count: sequences)
    }

    /// The bytes that one position of one sequence takes.
    public var bytesPerPosition: Int { layout.byteCount / layout.positions }

    /// The bytes of all pages in use, counting shared ones once.
    public var byteCount: Int {
        Set(sequences.flatMap(\.pages).map(ObjectIdentifier.init)).count * layout.byteCount
    }

    /// The committed positions of a sequence.
    public func length(of sequence: Int) throws(TensorError) -> Int {
        try check(sequence)
        return sequences[sequence].length
    }

    public func clear(_ sequence: Int) throws(TensorError) {
        try truncate(sequence, to: 0)
    }

    /// Removes the positions from `length` on.
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
        for (sequence, length) in pending { sequences[sequence].length = length }
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

    func pages(of sequence: Int) -> [KVPage] { sequences[sequence].pages }

    private func makeRoom(in sequence: Int, upTo length: Int) {
        let first = sequences[sequence].length / layout.positions
        if first < sequences[sequence].pages.count,
            !isKnownUniquelyReferenced(&sequences[sequence].pages[first])
        {
            sequences[sequence].pages[first] = sequences[sequence].pages[first].copy()
        }
        while sequences[sequence].pages.count * layout.positions < length {
            sequences[sequence].pages.append(KVPage(byteCount: layout.byteCount))
        }
    }

    private func dropPages(of sequence: Int, past length: Int) {
        let kept = (length + layout.positions - 1) / layout.positions
        let pages = sequences[sequence].pages.count
        if pages > kept { sequences[sequence].pages.removeLast(pages - kept) }
    }

    private func check(_ sequence: Int) throws(TensorError) {
        guard sequences.indices.contains(sequence) else {
            throw .outOfRange("a sequence", found: sequence, expected: sequences.indices)
        }
    }

    private func check(_ sequence: Int, holds length: Int) throws(TensorError) {
        try check(sequence)
        let held = 0..<sequences[sequence].length + 1
        guard held.contains(length) else {
            throw .outOfRange(
                "the length of sequence \(sequence)", found: length, expected: held)
        }
    }
}
