package import PluginABI
import TestFixtures

/// One token of one sequence.
package struct Row {
    package var token: Int32
    package var sequence: UInt32
    package var position: UInt32
    package var wants: Bool
    package var adapter: UInt32

    package init(
        token: Int32, sequence: UInt32 = 0, position: UInt32, wants: Bool = true,
        adapter: UInt32 = 0
    ) {
        self.token = token
        self.sequence = sequence
        self.position = position
        self.wants = wants
        self.adapter = adapter
    }
}

extension TestModel {
    package func context(
        sequences: UInt32 = 1, contextLength: UInt32 = 0, batchSize: UInt32 = 0
    ) throws -> TestContext {
        try TestContext(
            self,
            makeContext(sequences: sequences, contextLength: contextLength, batchSize: batchSize))
    }
}

/// A context that decodes.
package final class TestContext {
    package let model: TestModel
    package let handle: OpaquePointer
    package let capabilities: roost_decode_caps
    private let decode: roost_ext_decode

    fileprivate init(_ model: TestModel, _ handle: OpaquePointer) throws {
        self.model = model
        self.handle = handle
        let decode: roost_ext_decode = try model.table(ROOST_EXT_DECODE)
        var capabilities = roost_decode_caps()
        capabilities.struct_size = UInt32(MemoryLayout<roost_decode_caps>.size)
        try checked { decode.caps(handle, &capabilities, $0) }
        self.capabilities = capabilities
        self.decode = decode
    }

    deinit {
        model.plugin.table.context_free(handle)
    }

    package func selfTest(milliseconds: UInt32 = 5000) throws -> String {
        try model.selfTest(in: handle, milliseconds: milliseconds)
    }
}

// MARK: - Steps

extension TestContext {
    /// The rows of logits that are wanted.
    ///
    /// - Parameter checks: how often the plugin finds that the deadline has not passed.
    package func forward(
        _ rows: [Row], cancel: UnsafePointer<UInt32>? = nil,
        checks: Int? = nil
    ) throws -> [[Float]] {
        let width = Int(capabilities.n_vocab)
        return try collectedRows(rows.count { $0.wants }, width: width) { out in
            try withBatch(rows) { batch in
                try checked(cancel: cancel, checks: checks) {
                    decode.forward(handle, batch, &out, $0)
                }
            }
        }
    }

    private func withBatch(
        _ rows: [Row], _ body: (UnsafePointer<roost_batch>) throws -> Void
    ) throws {
        let (tokens, sequences) = (rows.map(\.token), rows.map(\.sequence))
        let positions = rows.map(\.position)
        let wants = rows.map { $0.wants ? UInt8(ROOST_WANT_LOGITS) : 0 }
        try tokens.withUnsafeBufferPointer { tokens in
            try sequences.withUnsafeBufferPointer { sequences in
                try positions.withUnsafeBufferPointer { positions in
                    try wants.withUnsafeBufferPointer { wants in
                        var batch = roost_batch()
                        batch.struct_size = UInt32(MemoryLayout<roost_batch>.size)
                        batch.n = UInt32(rows.count)
                        batch.token = tokens.baseAddress
                        batch.seq = sequences.baseAddress
                        batch.pos = positions.baseAddress
                        batch.want = wants.baseAddress
                        let adapters = rows.map(\.adapter)
                        try adapters.withUnsafeBufferPointer {
                            batch.adapter = $0.baseAddress
                            try body(&batch)
                        }
                    }
                }
            }
        }
    }

    /// Appends tokens to a sequence; the logits of every row.
    package func append(
        _ tokens: [Int32], to sequence: UInt32 = 0, adapter: UInt32 = 0
    ) throws -> [[Float]] {
        let start = try length(sequence)
        return try forward(
            tokens.enumerated().map { index, token in
                Row(
                    token: token, sequence: sequence, position: start + UInt32(index),
                    adapter: adapter)
            })
    }

    /// Continues a sequence with the likeliest token, `count` times.
    package func greedy(after prompt: [Int32], count: Int) throws -> [Int32] {
        clear()
        var token = argmax(try append(prompt).last ?? [])
        var tokens = [token]
        while tokens.count < count {
            token = argmax(try append([token])[0])
            tokens.append(token)
        }
        return tokens
    }
}

// MARK: - Sequences

extension TestContext {
    package func length(_ sequence: UInt32) throws -> UInt32 {
        var length: UInt32 = 0
        try checked { decode.seq_len(handle, sequence, &length, $0) }
        return length
    }

    package func clear(_ sequence: UInt32 = 0) {
        do {
            try checked { decode.seq_clear(handle, sequence, $0) }
        } catch {
            fatalError("\(error)")
        }
    }

    package func truncate(_ sequence: UInt32, to length: UInt32) throws {
        try checked { decode.seq_truncate(handle, sequence, length, $0) }
    }

    package func fork(_ source: UInt32, to destination: UInt32, length: UInt32) throws {
        try checked { decode.seq_fork(handle, source, destination, length, $0) }
    }
}
