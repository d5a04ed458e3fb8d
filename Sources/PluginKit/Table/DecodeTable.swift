import PluginABI

/// `roost.text.decode/1`
enum DecodeTable {
    static var pointer: UnsafeRawPointer { UnsafeRawPointer(table.pointer) }

    private static let table = Static(
        roost_ext_decode(
            struct_size: structSize(roost_ext_decode.self), reserved: 0,
            caps: describeCapabilities, forward: forward, seq_len: sequenceLength,
            seq_clear: clearSequence, seq_truncate: truncateSequence, seq_fork: forkSequence))
}

private func describeCapabilities(
    context: OpaquePointer?, out: UnsafeMutablePointer<roost_decode_caps>?,
    call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { _ in
        let found = try decoder(context).context.capabilities
        let capabilities = roost_decode_caps(
            struct_size: structSize(roost_decode_caps.self), flags: found.flags.rawValue,
            n_vocab: UInt32(found.vocabularySize), n_ctx: UInt32(found.contextLength),
            n_seq: UInt32(found.sequences), n_batch: UInt32(found.batchSize))
        try fill(out, "roost_decode_caps", size: \.struct_size, with: capabilities)
    }
}

private func forward(
    context: OpaquePointer?, batch: UnsafePointer<roost_batch>?,
    out: UnsafeMutablePointer<roost_rows>?, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let (box, decoder) = try decoder(context)
        try box.lane {
            let batch = try Batch(checking: batch, for: decoder)
            try box.encode?.checkSources(of: batch)
            let rows = try Rows(checking: out, for: batch, decoder.capabilities)
            try call.check()
            try decoder.forward(batch, into: rows, call: call)
        }
    }
}

// MARK: - Sequences

private func sequenceLength(
    context: OpaquePointer?, sequence: UInt32, out: UnsafeMutablePointer<UInt32>?,
    call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { _ in
        let (box, decoder) = try decoder(context)
        guard let out else {
            throw PluginError(.argument, "the place for the length is null")
        }
        out.pointee = try box.lane {
            UInt32(decoder.length(of: try decoder.checked(sequence)))
        }
    }
}

private func clearSequence(
    context: OpaquePointer?, sequence: UInt32, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { _ in
        let (box, decoder) = try decoder(context)
        try box.lane { decoder.clear(try decoder.checked(sequence)) }
    }
}

private func truncateSequence(
    context: OpaquePointer?, sequence: UInt32, length: UInt32,
    call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { _ in
        let (box, decoder) = try decoder(context)
        try box.lane {
            let sequence = try decoder.checked(sequence)
            try decoder.checkPrefix(length, of: sequence)
            try decoder.truncate(sequence, to: Int(length))
        }
    }
}

private func forkSequence(
    context: OpaquePointer?, source: UInt32, destination: UInt32, length: UInt32,
    call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { _ in
        let (box, decoder) = try decoder(context)
        try box.lane {
            let source = try decoder.checked(source)
            let destination = try decoder.checked(destination)
            try decoder.checkPrefix(length, of: source)
            guard decoder.length(of: destination) == 0, source != destination,
                box.encode?.hasSource(destination) != true
            else {
                throw PluginError(
                    .argument, "sequence \(destination), the destination of a fork, is not empty")
            }
            try decoder.fork(source, to: destination, length: Int(length))
        }
    }
}

// MARK: - Checks

private func decoder(
    _ context: OpaquePointer?
) throws -> (box: ContextBox, context: any DecodeContext) {
    let box = try context.box(ContextBox.self, "context")
    guard let decoder = box.decode else {
        throw PluginError(.unsupported, "the model does not decode")
    }
    return (box, decoder)
}

extension DecodeContext {
    func checked(_ sequence: UInt32) throws -> Int {
        guard sequence < capabilities.sequences else {
            throw PluginError(
                .argument, "sequence \(sequence), expected 0 to \(capabilities.sequences - 1)")
        }
        return Int(sequence)
    }

    fileprivate func checkPrefix(_ length: UInt32, of sequence: Int) throws {
        let found = self.length(of: sequence)
        guard length <= found else {
            throw PluginError(
                .argument,
                "sequence \(sequence) has \(found) positions, expected at least \(length)")
        }
    }
}
