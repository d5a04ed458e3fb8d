/// Rows of many sequences, prefill and decode mixed; rows of one sequence stand in order.
package struct DecodeBatch: Sendable, Equatable {
    package var tokens: [Int32]
    package var sequences: [UInt32]
    /// The sequence's length at that row.
    package var positions: [UInt32]
    /// Whether the row wants logits.
    package var wants: [Bool]

    package var count: Int { tokens.count }

    package init(
        tokens: [Int32] = [], sequences: [UInt32] = [], positions: [UInt32] = [], wants: [Bool] = []
    ) {
        self.tokens = tokens
        self.sequences = sequences
        self.positions = positions
        self.wants = wants
    }

    package mutating func append(token: Int32, sequence: Int, position: Int, wantsLogits: Bool) {
        tokens.append(token)
        sequences.append(UInt32(sequence))
        positions.append(UInt32(position))
        wants.append(wantsLogits)
    }
}
