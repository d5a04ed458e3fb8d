import PluginHost

/// The sequences of a context, with the tokens that each holds, kept after a request so that the next
/// one with the same beginning need not compute it again.
struct SequenceSlots {
    struct Slot: Equatable {
        /// What the model holds, in order.
        var tokens: [Int32] = []
        var basis = SequenceBasis()
        var isTaken = false
        fileprivate var lastUse = 0
    }

    /// Where a prompt goes.
    enum Placement: Equatable {
        /// In a sequence that keeps its first `length` tokens.
        case keep(slot: Int, length: Int)
        /// In an emptied sequence that then shares the first `length` tokens of another.
        case fork(source: Int, slot: Int, length: Int)
        case fresh(slot: Int)

        var slot: Int {
            switch self {
            case .keep(let slot, _), .fork(_, let slot, _), .fresh(let slot): slot
            }
        }

        /// Tokens that need not be computed.
        var length: Int {
            switch self {
            case .keep(_, let length), .fork(_, _, let length): length
            case .fresh: 0
            }
        }

        /// Whether the sequence has read the request's source already.
        var hasSource: Bool { if case .fresh = self { false } else { true } }
    }

    private var slots: [Slot]
    private var flags: DecodeFlags
    private var uses = 0

    init(count: Int, flags: DecodeFlags) {
        slots = [Slot](repeating: Slot(), count: count)
        self.flags = flags
    }

    subscript(slot: Int) -> Slot { slots[slot] }

    var forks: Bool { flags.contains(.fork) }
    /// Whether a sequence can be cut to any length.
    var cuts: Bool { flags.contains(.truncateAny) }
}

// MARK: - Placing

extension SequenceSlots {
    /// The best place for a prompt; nil while every sequence is taken.
    ///
    /// A retained sequence is cut only where it keeps at least as much as it loses; otherwise its
    /// beginning is forked, or the sequence that was used longest ago is emptied.
    ///
    /// - Parameters:
    ///   - basis: what the sequence must have.
    ///   - reusable: how much of the prompt need not be computed, at most. The last token always is: its
    ///     logits are wanted.
    func placement(
        for prompt: [Int32], on basis: SequenceBasis = SequenceBasis(), reusable: Int
    ) -> Placement? {
        guard let oldest = free.min(by: isUsedEarlier) else { return nil }
        let candidates = slots.indices.compactMap { slot in
            usable(slot, prompt, basis, reusable).map { (slot: slot, length: $0) }
        }
        let best = candidates.max {
            ($0.length, isFree($0.slot) ? 1 : 0) < ($1.length, isFree($1.slot) ? 1 : 0)
        }
        guard let best else { return .fresh(slot: oldest) }
        if isFree(best.slot), best.slot == oldest || isWorthCutting(best, basis) {
            return .keep(slot: best.slot, length: best.length)
        }
        if forks {
            return .fork(source: best.slot, slot: oldest, length: best.length)
        }
        return candidates.filter { isFree($0.slot) && isWorthCutting($0, basis) }
            .max { $0.length < $1.length }
            .map { .keep(slot: $0.slot, length: $0.length) } ?? .fresh(slot: oldest)
    }

    /// Whether a sequence that is cut keeps at least as much as it loses.
    private func isWorthCutting(_ cut: (slot: Int, length: Int), _ basis: SequenceBasis) -> Bool {
        slots[cut.slot].tokens.count - cut.length <= cut.length + (basis.source?.count ?? 0)
    }

    /// How many tokens of a sequence a prompt can reuse: their common prefix, if the model can
    /// return to its end; nil if there is nothing to reuse, not even the source.
    private func usable(
        _ slot: Int, _ prompt: [Int32], _ basis: SequenceBasis, _ reusable: Int
    ) -> Int? {
        guard slots[slot].basis == basis else { return nil }
        let length = min(commonPrefix(slots[slot].tokens, prompt), reusable)
        guard length > 0 || basis.source != nil else { return nil }
        let goesBack = flags.contains(.truncateAny)
        return goesBack || length == slots[slot].tokens.count ? length : nil
    }

    private var free: [Int] { slots.indices.filter(isFree) }

    private func isFree(_ slot: Int) -> Bool { !slots[slot].isTaken }

    /// Empty sequences count as unused.
    private func isUsedEarlier(_ left: Int, _ right: Int) -> Bool {
        lastUse(left) < lastUse(right)
    }

    private func lastUse(_ slot: Int) -> Int {
        slots[slot].tokens.isEmpty && slots[slot].basis.source == nil ? 0 : slots[slot].lastUse
    }
}

// MARK: - Keeping account

extension SequenceSlots {
    /// - Parameter basis: what the sequence has.
    mutating func take(
        _ placement: Placement, tokens: ArraySlice<Int32>, basis: SequenceBasis = SequenceBasis()
    ) {
        slots[placement.slot].isTaken = true
        slots[placement.slot].tokens = Array(tokens)
        slots[placement.slot].basis = basis
    }

    /// The model has read the source of a basis for an empty sequence.
    mutating func read(_ basis: SequenceBasis, for slot: Int) {
        slots[slot].basis = basis
    }

    mutating func append(_ tokens: ArraySlice<Int32>, to slot: Int) {
        slots[slot].tokens += tokens
    }

    /// The model keeps only the first `length` tokens.
    mutating func cut(_ slot: Int, to length: Int) {
        slots[slot].tokens.removeLast(slots[slot].tokens.count - length)
    }

    mutating func release(_ slot: Int) {
        uses += 1
        slots[slot].isTaken = false
        slots[slot].lastUse = uses
    }

    /// Stops using the operation that a placement needs.
    mutating func giveUp(_ placement: Placement) {
        switch placement {
        case .keep: flags.remove(.truncateAny)
        case .fork: flags.remove(.fork)
        case .fresh: break
        }
    }

    /// The model has emptied the sequence.
    mutating func forget(_ slot: Int) {
        slots[slot].tokens = []
        slots[slot].basis.source = nil
    }

    /// The model is another one, with empty sequences.
    mutating func forgetAll() {
        for slot in slots.indices { forget(slot) }
    }
}

/// How many elements two sequences have in common at the beginning.
func commonPrefix(_ left: [Int32], _ right: [Int32]) -> Int {
    let limit = min(left.count, right.count)
    return (0..<limit).first { left[$0] != right[$0] } ?? limit
}
