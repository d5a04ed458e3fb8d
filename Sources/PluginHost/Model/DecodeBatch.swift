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

/// A view of the logits that a forward pass wrote, valid until the next one.
package struct LogitRows: @unchecked Sendable {
    private let base: UnsafePointer<Float>?
    private let stride: Int
    private let owner: AnyObject?
    /// The number of rows.
    package let count: Int
    /// Floats per row: the size of the vocabulary.
    package let width: Int

    /// - Parameters:
    ///   - base: the first row; may be nil without rows.
    ///   - stride: floats from one row to the next.
    ///   - owner: keeps the memory.
    package init(
        base: UnsafePointer<Float>?, count: Int, width: Int, stride: Int, owner: AnyObject? = nil
    ) {
        self.base = base
        self.count = count
        self.width = width
        self.stride = stride
        self.owner = owner
    }

    package subscript(row: Int) -> UnsafeBufferPointer<Float> {
        precondition(row >= 0 && row < count)
        return UnsafeBufferPointer(start: base.map { $0 + row * stride }, count: width)
    }
}
