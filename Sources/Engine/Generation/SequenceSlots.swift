import PluginHost

/// The sequences of a context, with the tokens that each holds, kept after a request so that the next
/// one with the same beginning need not compute it again.
struct SequenceSlots {
    struct Slot: Equatable {
        /// What the model holds, in order.
        var tokens: [Int32] = []
        var isTaken = false
        fileprivate var lastUse = 0
    }

    /// Where a prompt goes.
    enum Placement: Equatable {
        /// Into a sequence of which the first `length` tokens stay.
        case keep(slot: Int, length: Int)
        /// Into an emptied sequence that then shares the first `length` tokens of another.
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
    }

    private var slots: [Slot]
    private var flags: DecodeCapabilities.Flags
    private var uses = 0

    init(count: Int, flags: DecodeCapabilities.Flags) {
        slots = [Slot](repeating: Slot(), count: count)
        self.flags = flags
    }

    subscript(slot: Int) -> Slot { slots[slot] }

    var forks: Bool { flags.contains(.fork) }
}

// MARK: - Placing

extension SequenceSlots {
    /// The best place for a prompt; nil while every sequence is taken.
    ///
    /// A retained sequence is cut only where it keeps at least as much as it loses; otherwise its
    /// beginning is forked, or the sequence that was used longest ago is emptied.
    ///
    /// - Parameter reusable: how much of the prompt need not be computed, at most. The last token
    ///   always is: its logits are wanted.
    func placement(for prompt: [Int32], reusable: Int) -> Placement? {
        guard let oldest = free.min(by: isUsedEarlier) else { return nil }
        let best = slots.indices.map { (slot: $0, length: usable($0, prompt, reusable)) }
            .max { ($0.length, isFree($0.slot) ? 1 : 0) < ($1.length, isFree($1.slot) ? 1 : 0) }
        guard let best, best.length > 0 else { return .fresh(slot: oldest) }
        let lost = slots[best.slot].tokens.count - best.length
        if isFree(best.slot), lost <= best.length || best.slot == oldest {
            return .keep(slot: best.slot, length: best.length)
        }
        if forks {
            return .fork(source: best.slot, slot: oldest, length: best.length)
        }
        return freePlacement(prompt, reusable) ?? .fresh(slot: oldest)
    }

    /// The best sequence that is free and loses no more than it keeps.
    private func freePlacement(_ prompt: [Int32], _ reusable: Int) -> Placement? {
        free.map { (slot: $0, length: usable($0, prompt, reusable)) }
            .filter { $0.length > 0 && slots[$0.slot].tokens.count - $0.length <= $0.length }
            .max { $0.length < $1.length }
            .map { .keep(slot: $0.slot, length: $0.length) }
    }

    /// How many tokens of a sequence a prompt can take over: what they have in common, if the model
    /// can go back to its end.
    private func usable(_ slot: Int, _ prompt: [Int32], _ reusable: Int) -> Int {
        let length = min(commonPrefix(slots[slot].tokens, prompt), reusable)
        let goesBack = flags.contains(.truncateAny)
        return goesBack || length == slots[slot].tokens.count ? length : 0
    }

    private var free: [Int] { slots.indices.filter(isFree) }

    private func isFree(_ slot: Int) -> Bool { !slots[slot].isTaken }

    /// Empty sequences count as unused.
    private func isUsedEarlier(_ left: Int, _ right: Int) -> Bool {
        let leftUse = slots[left].tokens.isEmpty ? 0 : slots[left].lastUse
        let rightUse = slots[right].tokens.isEmpty ? 0 : slots[right].lastUse
        return leftUse < rightUse
    }
}

// MARK: - Keeping account

extension SequenceSlots {
    mutating func take(_ placement: Placement, tokens: ArraySlice<Int32>) {
        slots[placement.slot].isTaken = true
        slots[placement.slot].tokens = Array(tokens)
    }

    mutating func append(_ tokens: ArraySlice<Int32>, to slot: Int) {
        slots[slot].tokens += tokens
    }

    mutating func release(_ slot: Int) {
        uses += 1
        slots[slot].isTaken = false
        slots[slot].lastUse = uses
    }

    /// Stops using the ability that a placement needs.
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
