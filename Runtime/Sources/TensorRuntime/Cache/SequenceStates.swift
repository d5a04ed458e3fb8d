/// The states of recurrent layers: for each sequence so many numbers, however long it is.
///
/// A layer has one or several slots. A pass reads the committed numbers of a slot and writes its new
/// ones beside them; a batch is begun, written and committed as a whole or rolled back, as in
/// `KVCache`. A fork shares the numbers, which are never written in place. There is no way back to an
/// earlier position. One thread at a time.
public final class SequenceStates {
    /// Floats of each slot.
    public let sizes: [Int]
    private let offsets: [Int]
    private var sequences: [Sequence]
    private var pending: [Int: State] = [:]
    private let zeros: State

    /// All slots of one sequence after one position.
    private final class State {
        let storage: Storage

        init(floats: Int) {
            storage = Storage(byteCount: floats * MemoryLayout<Float>.stride)
        }

        var numbers: UnsafeMutablePointer<Float> {
            storage.base.assumingMemoryBound(to: Float.self)
        }
    }

    private struct Sequence {
        /// Nil for an empty sequence, whose numbers are zeros.
        var committed: State?
        /// Memory to write the next ones to.
        var spare: State?
    }

    /// - Parameters:
    ///   - sizes: the floats of each slot.
    ///   - sequences: how many sequences there are.
    public init(sizes: [Int], sequences: Int) {
        self.sizes = sizes
        offsets = sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        self.sequences = Array(repeating: Sequence(), count: sequences)
        zeros = State(floats: offsets[sizes.count])
        zeros.numbers.update(repeating: 0, count: offsets[sizes.count])
    }

    /// The bytes of one sequence.
    public var bytesPerSequence: Int { offsets[sizes.count] * MemoryLayout<Float>.stride }

    /// Forgets a sequence.
    public func clear(_ sequence: Int) throws(TensorError) {
        try check(sequence)
        sequences[sequence].committed = nil
    }

    /// Makes `target` what `source` is; its previous content is lost.
    public func fork(_ source: Int, to target: Int) throws(TensorError) {
        try check(source)
        try check(target)
        sequences[target].committed = sequences[source].committed
    }

    /// Prepares a batch.
    ///
    /// - Throws: `outOfRange`; then nothing has changed.
    public func begin(_ rows: SequenceRows) throws(TensorError) {
        precondition(pending.isEmpty, "the last batch was neither committed nor rolled back")
        for run in rows.runs { try check(run.sequence) }
        for run in rows.runs where pending[run.sequence] == nil {
            pending[run.sequence] =
                sequences[run.sequence].spare ?? State(floats: offsets[sizes.count])
            sequences[run.sequence].spare = nil
        }
    }

    /// Keeps what has been written since `begin`.
    public func commit() {
        for (sequence, state) in pending {
            var old = sequences[sequence].committed
            sequences[sequence].committed = state
            sequences[sequence].spare = isKnownUniquelyReferenced(&old) ? old : nil
        }
        pending = [:]
    }

    /// Discards what has been written since `begin`.
    public func rollback() {
        for (sequence, state) in pending { sequences[sequence].spare = state }
        pending = [:]
    }

    /// Whether `begin` has prepared a batch with these rows.
    func hasBegun(_ rows: SequenceRows) -> Bool {
        rows.runs.allSatisfy { pending[$0.sequence] != nil }
    }

    /// The committed numbers of a slot, and where its new ones belong.
    func slot(
        _ slot: Int, of sequence: Int
    ) -> (old: UnsafePointer<Float>, new: UnsafeMutablePointer<Float>) {
        let old = sequences[sequence].committed ?? zeros
        let new = pending[sequence] ?? zeros
        return (UnsafePointer(old.numbers + offsets[slot]), new.numbers + offsets[slot])
    }

    private func check(_ sequence: Int) throws(TensorError) {
        guard sequences.indices.contains(sequence) else {
            throw .outOfRange("a sequence", found: sequence, expected: sequences.indices)
        }
    }
}

extension SequenceStates {
    /// - Parameter size: the floats that an operation keeps.
    /// - Throws: `outOfRange`, `shape`.
    func check(_ slot: Int, holds size: Int, _ rows: SequenceRows) throws(TensorError) {
        guard sizes.indices.contains(slot) else {
            throw .outOfRange("a slot of states", found: slot, expected: sizes.indices)
        }
        guard sizes[slot] == size else {
            throw .shape(of: "a slot of states", found: [sizes[slot]], expected: "[\(size)]")
        }
        precondition(hasBegun(rows), "the states have not begun a batch with these rows")
    }
}

extension SequenceRows {
    /// The rows of each sequence, in order.
    var bySequence: [(sequence: Int, rows: [Int])] {
        var found: [(sequence: Int, rows: [Int])] = []
        var places: [Int: Int] = [:]
        for run in runs {
            if let place = places[run.sequence] {
                found[place].rows += run.rows
            } else {
                places[run.sequence] = found.count
                found.append((run.sequence, Array(run.rows)))
            }
        }
        return found
    }
}
