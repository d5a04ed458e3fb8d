import PluginABI

/// A context with the calls of `roost.text.decode/1` in Swift's types.
struct TestContext {
    let model: OpaquePointer
    let handle: OpaquePointer
    let decode: roost_ext_decode

    init(model: OpaquePointer, handle: OpaquePointer) {
        self.model = model
        self.handle = handle
        let table = plugin.extension(model, ROOST_EXT_DECODE)!
        decode = table.load(as: roost_ext_decode.self)
    }

    func length(_ sequence: UInt32) -> UInt32? {
        var length: UInt32 = 0
        let found = answer { decode.seq_len(handle, sequence, &length, $0) }
        return found.status == 0 ? length : nil
    }

    func clear(_ sequence: UInt32) -> Answer {
        answer { decode.seq_clear(handle, sequence, $0) }
    }

    func truncate(_ sequence: UInt32, _ length: UInt32) -> Answer {
        answer { decode.seq_truncate(handle, sequence, length, $0) }
    }

    func fork(_ source: UInt32, _ destination: UInt32, _ length: UInt32) -> Answer {
        answer { decode.seq_fork(handle, source, destination, length, $0) }
    }

    /// Forwards tokens of sequence 0 behind each other, all wanting logits.
    func forward(_ tokens: [Int32]) -> Answer {
        let start = length(0) ?? 0
        return forward(TestBatch(tokens, positions: tokens.indices.map { start + UInt32($0) }))
            .answer
    }

    /// Forwards any batch, right or wrong; the rows are what the buffer holds afterwards.
    func forward(
        _ batch: TestBatch, cancel: UInt32 = 0, deadline: UInt64 = 0
    ) -> (answer: Answer, rows: [[Float]]) {
        let floats = batch.stride / MemoryLayout<Float>.size
        var buffer = [Float](repeating: -1, count: max(floats, 8) * 8 + 1)
        let answer = buffer.withUnsafeMutableBytes { bytes in
            var rows = roost_rows()
            rows.struct_size = UInt32(MemoryLayout<roost_rows>.size)
            rows.n_rows = batch.rows
            rows.row_stride = UInt64(batch.stride)
            rows.data = (bytes.baseAddress! + batch.misalignment)
                .assumingMemoryBound(to: Float.self)
            return withUnsafeMutablePointer(to: &rows) { rows in
                batch.withTable { table in
                    PluginKitTests.answer(cancel: cancel, deadline: deadline) {
                        decode.forward(handle, table, batch.rows == 0 ? nil : rows, $0)
                    }
                }
            }
        }
        let rows = (0..<8).map { Array(buffer[$0 * max(floats, 8)..<$0 * max(floats, 8) + 8]) }
        return (answer, rows)
    }
}

/// A `roost_batch` in Swift's types, and the buffer for its rows.
struct TestBatch {
    var tokens: [Int32]
    var sequences: [UInt32]
    var positions: [UInt32]
    var wants: [UInt8]
    var adapters: [UInt32]?
    var count: UInt32?
    var size = UInt32(MemoryLayout<roost_batch>.size)
    var nullTokens = false
    var rows: UInt32 = 8
    var stride = 32
    var misalignment = 0

    init(
        _ tokens: [Int32], sequences: [UInt32]? = nil, positions: [UInt32]? = nil,
        wants: [UInt8]? = nil
    ) {
        self.tokens = tokens
        self.sequences = sequences ?? tokens.map { _ in 0 }
        self.positions = positions ?? tokens.indices.map { UInt32($0) }
        self.wants = wants ?? tokens.map { _ in 1 }
    }

    func with(_ change: (inout TestBatch) -> Void) -> TestBatch {
        var batch = self
        change(&batch)
        return batch
    }

    func withTable<Result>(_ body: (UnsafePointer<roost_batch>) -> Result) -> Result {
        tokens.withUnsafeBufferPointer { tokens in
            sequences.withUnsafeBufferPointer { sequences in
                positions.withUnsafeBufferPointer { positions in
                    wants.withUnsafeBufferPointer { wants in
                        var batch = roost_batch()
                        batch.struct_size = size
                        batch.n = count ?? UInt32(tokens.count)
                        batch.token = nullTokens ? nil : tokens.baseAddress
                        batch.seq = sequences.baseAddress
                        batch.pos = positions.baseAddress
                        batch.want = wants.baseAddress
                        guard let adapters else { return body(&batch) }
                        return adapters.withUnsafeBufferPointer {
                            batch.adapter = $0.baseAddress
                            return body(&batch)
                        }
                    }
                }
            }
        }
    }
}
