import PluginABI

/// Rows of many sequences, prefill and decode mixed; rows of one sequence are in order.
package struct Batch: Sendable, Equatable {
    package var tokens: [Int32]
    package var sequences: [UInt32]
    /// The sequence's length at that row.
    package var positions: [UInt32]
    /// Whether the row wants logits.
    package var wants: [Bool]
    /// The row's adapter, 0 for the model alone.
    package var adapters: [UInt32]

    package var count: Int { tokens.count }

    package init(
        tokens: [Int32] = [], sequences: [UInt32] = [], positions: [UInt32] = [],
        wants: [Bool] = [], adapters: [UInt32]? = nil
    ) {
        self.tokens = tokens
        self.sequences = sequences
        self.positions = positions
        self.wants = wants
        self.adapters = adapters ?? tokens.map { _ in 0 }
    }

    package mutating func append(
        token: Int32, sequence: Int, position: Int, wantsLogits: Bool, adapter: UInt32 = 0
    ) {
        tokens.append(token)
        sequences.append(UInt32(sequence))
        positions.append(UInt32(position))
        wants.append(wantsLogits)
        adapters.append(adapter)
    }
}

// MARK: - To a plugin

extension Batch {
    private var hasAdapters: Bool { adapters.contains { $0 != 0 } }

    /// - Throws: `.refused` for a batch that the model cannot take; nothing was called.
    func check(for model: ModelDescription) throws {
        let capabilities = try model.requiredDecode
        guard count > 0, count <= capabilities.batchSize else {
            throw ModelFailure.argument(
                "a batch of \(count) rows, expected 1 to \(capabilities.batchSize)")
        }
        guard sequences.count == count, positions.count == count, wants.count == count,
            adapters.count == count
        else {
            throw ModelFailure.argument(
                "a batch of \(count) tokens, \(sequences.count) sequences, \(positions.count) "
                    + "positions, \(wants.count) wants and \(adapters.count) adapters, expected as "
                    + "many of each")
        }
        if hasAdapters, !model.takesAdapters {
            throw ModelFailure.unsupported("the model takes no adapters")
        }
        for row in 0..<count {
            try capabilities.check(token: tokens[row])
            guard positions[row] < capabilities.contextLength else {
                throw ModelFailure.argument(
                    "position \(positions[row]) in a context of \(capabilities.contextLength)")
            }
            try capabilities.check(sequence: Int(sequences[row]))
        }
    }

    /// Lends the batch to a plugin.
    func withPluginBatch<Result>(
        _ body: (UnsafePointer<roost_batch>) throws -> Result
    ) rethrows -> Result {
        let wants = wants.map { ($0 ? Want.logits : .none).rawValue }
        return try tokens.withUnsafeBufferPointer { tokens in
            try sequences.withUnsafeBufferPointer { sequences in
                try positions.withUnsafeBufferPointer { positions in
                    try wants.withUnsafeBufferPointer { wants in
                        try adapters.withUnsafeBufferPointer { adapters in
                            var batch = roost_batch(
                                struct_size: UInt32(MemoryLayout<roost_batch>.size),
                                n: UInt32(tokens.count), token: tokens.baseAddress,
                                seq: sequences.baseAddress, pos: positions.baseAddress,
                                want: wants.baseAddress,
                                adapter: hasAdapters ? adapters.baseAddress : nil)
                            return try body(&batch)
                        }
                    }
                }
            }
        }
    }
}

extension Batch: WireMessage {
    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&tokens, &sequences, &positions)
        var wants: [UInt8] = wants.map { $0 ? 1 : 0 }
        try wire.pass(&wants, &adapters)
        if wire.isRead { self.wants = wants.map { $0 != 0 } }
    }
}
