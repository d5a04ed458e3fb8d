import PluginABI

extension DecodeBatch {
    /// - Returns: the number of rows that want logits.
    /// - Throws: `.refused` for a batch that the context cannot take; nothing was called.
    func check(against capabilities: DecodeCapabilities) throws -> Int {
        guard count > 0, count <= capabilities.batchRows else {
            throw argument("a batch of \(count) rows, expected 1 to \(capabilities.batchRows)")
        }
        guard sequences.count == count, positions.count == count, wants.count == count else {
            throw argument(
                "a batch of \(count) tokens, \(sequences.count) sequences, \(positions.count) "
                    + "positions and \(wants.count) wants, expected as many of each")
        }
        for row in 0..<count {
            guard tokens[row] >= 0, tokens[row] < capabilities.vocabularySize else {
                throw argument(
                    "token \(tokens[row]), expected 0 to \(capabilities.vocabularySize - 1)")
            }
            guard positions[row] < capabilities.contextLength else {
                throw argument(
                    "position \(positions[row]) in a context of \(capabilities.contextLength)")
            }
            try capabilities.check(sequence: Int(sequences[row]))
        }
        return wants.count { $0 }
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
                        var batch = roost_batch(
                            struct_size: UInt32(MemoryLayout<roost_batch>.size),
                            n: UInt32(tokens.count), token: tokens.baseAddress,
                            seq: sequences.baseAddress, pos: positions.baseAddress,
                            want: wants.baseAddress, embd: nil, embd_stride: 0, reserved: 0)
                        return try body(&batch)
                    }
                }
            }
        }
    }
}

extension ModelDescription {
    /// - Throws: `.refused` for a source that the model cannot read; nothing was called.
    func check(source: [Int32], for sequence: Int) throws {
        guard let decode, encoder != nil else { throw unsupported("the model has no encoder") }
        guard (1...Self.longestSource).contains(source.count) else {
            throw argument(
                "a source of \(source.count) tokens, expected 1 to \(Self.longestSource)")
        }
        if let token = source.first(where: { $0 < 0 || $0 >= decode.vocabularySize }) {
            throw argument("token \(token), expected 0 to \(decode.vocabularySize - 1)")
        }
        try decode.check(sequence: sequence)
    }

    private static let longestSource = 1 << 20
}

extension DecodeCapabilities {
    func check(sequence: Int) throws {
        guard sequence >= 0, sequence < sequences else {
            throw argument("sequence \(sequence), expected 0 to \(sequences - 1)")
        }
    }

    /// A length that the plugin claims.
    func check(length: Int) throws -> Int {
        guard (0...contextLength).contains(length) else {
            throw ModelFailure.broken(
                step: CallStep.length.name,
                reason: "length \(length) in a context of \(contextLength)")
        }
        return length
    }
}
