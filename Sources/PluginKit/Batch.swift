import PluginABI

/// Rows of many sequences, prefill and decode mixed. Rows of one sequence are in order.
public struct Batch: Sendable {
    /// `[N]`
    public let tokens: [Int32]
    /// `[N]`
    public let sequences: [Int]
    /// `[N]` The sequence's length at that row.
    public let positions: [Int]
    /// The rows whose logits are wanted, ascending.
    public let wanted: [Int]
    /// `[N]` The row's adapter, 0 for the model alone; nil if no row has one. They may be of a number
    /// that is not loaded.
    public let adapters: [Int]?

    public var count: Int { tokens.count }

    /// - Precondition: the arrays are equally long.
    public init(
        tokens: [Int32], sequences: [Int], positions: [Int], wanted: [Int], adapters: [Int]? = nil
    ) {
        self.tokens = tokens
        self.sequences = sequences
        self.positions = positions
        self.wanted = wanted
        self.adapters = adapters
    }
}

// MARK: - Checks

extension Batch {
    /// The host's batch, copied, after a check of every row.
    ///
    /// - Throws: `argument` for a batch that is always invalid, `busy` for a full sequence.
    init(checking pointer: UnsafePointer<roost_batch>?, for context: any DecodeContext) throws {
        let batch = try checked(pointer, "roost_batch", size: \.struct_size)
        let capabilities = context.capabilities
        guard batch.n > 0, batch.n <= capabilities.batchSize else {
            throw PluginError(
                .argument, "the batch has \(batch.n) rows, expected 1 to \(capabilities.batchSize)")
        }
        guard let token = batch.token, let seq = batch.seq, let pos = batch.pos,
            let want = batch.want
        else {
            throw PluginError(.argument, "the batch has a null array")
        }
        let rows = 0..<Int(batch.n)
        let sequences = try rows.map { try context.checked(seq[$0]) }
        let positions = rows.map { Int(pos[$0]) }
        try Self.checkTokens(rows.map { token[$0] }, capabilities)
        try Self.checkPositions(positions, of: sequences, in: context)
        self.init(
            tokens: rows.map { token[$0] }, sequences: sequences, positions: positions,
            wanted: try Self.wanted(rows.map { want[$0] }),
            adapters: Self.adapters(batch.adapter.map { adapter in rows.map { adapter[$0] } }))
    }

    private static func checkTokens(_ tokens: [Int32], _ capabilities: DecodeCapabilities) throws {
        let range = 0..<capabilities.vocabularySize
        for (row, token) in tokens.enumerated() where !range.contains(Int(token)) {
            throw PluginError(
                .argument, "row \(row) has token \(token), expected 0 to \(range.upperBound - 1)")
        }
    }

    private static func checkPositions(
        _ positions: [Int], of sequences: [Int], in context: any DecodeContext
    ) throws {
        let limit = context.capabilities.contextLength
        var next: [Int: Int] = [:]
        for (row, (sequence, position)) in zip(sequences, positions).enumerated() {
            let expected = next[sequence] ?? context.length(of: sequence)
            guard position == expected else {
                throw PluginError(
                    .argument,
                    "row \(row) has position \(position) of sequence \(sequence), "
                        + "expected \(expected)")
            }
            guard position < limit else {
                throw PluginError(.busy, "sequence \(sequence) is full: \(limit) positions")
            }
            next[sequence] = position + 1
        }
    }

    private static func adapters(_ adapters: [UInt32]?) -> [Int]? {
        guard let adapters, adapters.contains(where: { $0 != 0 }) else { return nil }
        return adapters.map { Int($0) }
    }

    private static func wanted(_ wants: [UInt8]) throws -> [Int] {
        try wants.indices.filter { row in
            guard let want = Want(rawValue: wants[row]) else {
                throw PluginError(
                    .argument, "row \(row) wants \(wants[row]), expected 0 (nothing) or 1 (logits)")
            }
            return want == .logits
        }
    }
}
