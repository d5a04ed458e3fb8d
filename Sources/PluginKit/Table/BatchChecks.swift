import PluginABI

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
            wanted: try Self.wanted(rows.map { want[$0] }))
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

extension Rows {
    /// The host's buffer, large enough for the requested rows.
    init(
        checking pointer: UnsafePointer<roost_rows>?, for batch: Batch,
        _ capabilities: DecodeCapabilities
    ) throws {
        guard !batch.wanted.isEmpty else {
            self.init(base: nil, count: 0, width: 0, stride: 0)
            return
        }
        try self.init(
            checking: pointer, count: batch.wanted.count, width: capabilities.vocabularySize)
    }

    /// The host's buffer, large enough for `count` rows of `width` floats.
    init(checking pointer: UnsafePointer<roost_rows>?, count: Int, width: Int) throws {
        let rows = try checked(pointer, "roost_rows", size: \.struct_size)
        let bytes = width * MemoryLayout<Float>.size
        guard rows.n_rows >= count, let stride = Int(exactly: rows.row_stride),
            stride >= bytes, stride % MemoryLayout<Float>.alignment == 0
        else {
            throw PluginError(
                .argument,
                "the buffer has \(rows.n_rows) rows \(rows.row_stride) bytes apart, "
                    + "expected \(count) rows of \(bytes) bytes")
        }
        guard let data = rows.data, UInt(bitPattern: data) % 4 == 0 else {
            throw PluginError(.argument, "the buffer is null or not aligned to 4 bytes")
        }
        self.init(base: data, count: count, width: width, stride: stride)
    }
}
