import PluginHost

/// One call of the model: its rows, and the requests that own them.
struct StepPlan {
    struct Part {
        let generation: Generation
        let slot: Int
        /// The request's tokens to feed, as positions of the sequence.
        let positions: Range<Int>
        /// A guess of what follows the last of them, fed too.
        let guess: [Int32]
        /// Those whose logits are needed, and the first one's row in the answer.
        let wanted: [Int]
        let firstRow: Int
    }

    var batch = Batch()
    var parts: [Part] = []
    private var rows = 0

    /// Feeds the next `count` tokens of a request.
    ///
    /// - Parameter guess: what may follow, if these are its last.
    mutating func add(
        _ generation: Generation, slot: Int, from start: Int, count: Int, guess: [Int32] = []
    ) {
        let positions = start..<(start + count)
        let guessed = positions.upperBound..<(positions.upperBound + guess.count)
        let wanted = positions.filter(generation.wantsLogits) + guessed
        for position in positions {
            batch.append(
                token: generation.tokens[position], sequence: slot, position: position,
                wantsLogits: generation.wantsLogits(at: position),
                adapter: generation.request.basis.adapter)
        }
        for (position, token) in zip(guessed, guess) {
            batch.append(
                token: token, sequence: slot, position: position, wantsLogits: true,
                adapter: generation.request.basis.adapter)
        }
        parts.append(
            Part(
                generation: generation, slot: slot, positions: positions, guess: guess,
                wanted: wanted, firstRow: rows))
        rows += wanted.count
    }
}

/// How the rows of a step are divided.
package enum StepShares {
    /// The number of tokens that each sequence feeds, for sequences that have `pending` tokens to feed.
    ///
    /// Sequences with one token go first, so that running streams never wait for a prompt. The rest
    /// is divided equally among the prompts of the lowest priority number, then among those of the
    /// next, and what a short one leaves goes to the others. If there is less than one row each, those
    /// earlier in the order get it: the caller rotates the order.
    ///
    /// - Parameter priorities: one for each sequence; empty: all are the same.
    package static func divide(
        _ pending: [Int], budget: Int, priorities: [Int] = []
    ) -> [Int] {
        var shares = [Int](repeating: 0, count: pending.count)
        var left = budget
        for index in pending.indices where pending[index] == 1 && left > 0 {
            shares[index] = 1
            left -= 1
        }
        let prompts = pending.indices.filter { pending[$0] > 1 }
        guard !priorities.isEmpty else {
            divide(pending, among: prompts, &left, &shares)
            return shares
        }
        for priority in Set(prompts.map { priorities[$0] }).sorted() {
            divide(pending, among: prompts.filter { priorities[$0] == priority }, &left, &shares)
        }
        return shares
    }

    private static func divide(
        _ pending: [Int], among prompts: [Int], _ left: inout Int, _ shares: inout [Int]
    ) {
        // Shortest first: whatever it does not need is divided among the longer ones.
        let isTight = left < prompts.count
        let order = isTight ? prompts : prompts.sorted { (pending[$0], $0) < (pending[$1], $1) }
        for (place, index) in order.enumerated() where left > 0 {
            let others = order.count - place
            shares[index] = min(pending[index], max(1, left / others))
            left -= shares[index]
        }
    }
}
