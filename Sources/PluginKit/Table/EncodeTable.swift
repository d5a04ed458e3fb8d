import PluginABI

/// An encoder-decoder with its `roost.text.encode/1`, which names its start token and so is its own.
final class EncodeBox: Sendable {
    nonisolated(unsafe) private let table: UnsafeMutablePointer<roost_ext_encode>

    init(_ model: any EncoderDecoderModel) {
        table = .allocate(capacity: 1)
        table.initialize(
            to: roost_ext_encode(
                struct_size: structSize(roost_ext_encode.self),
                decoder_start: model.decoderStart, encode: encode))
    }

    deinit {
        table.deallocate()
    }

    /// Valid as long as the box.
    var pointer: UnsafeRawPointer { UnsafeRawPointer(table) }
}

private func encode(
    context: OpaquePointer?, sequence: UInt32, token: UnsafePointer<Int32>?, count: UInt32,
    call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let box = try context.box(ContextBox.self, "context")
        guard let encoder = box.encode else {
            throw PluginError(.unsupported, "the model has no encoder")
        }
        try box.lane {
            let sequence = try encoder.checked(sequence)
            let tokens = try encoder.checkedSource(token, count)
            try encoder.checkIsNew(sequence)
            try call.check()
            try encoder.encode(tokens, for: sequence, call: call)
        }
    }
}

// MARK: - Checks

extension EncodeContext {
    /// The ids of a source, copied.
    fileprivate func checkedSource(
        _ token: UnsafePointer<Int32>?, _ count: UInt32
    ) throws -> [Int32] {
        guard count > 0, let token else {
            throw PluginError(
                .argument, "the source has \(token == nil ? 0 : count) tokens, expected at least 1")
        }
        let tokens = Array(UnsafeBufferPointer(start: token, count: Int(count)))
        let range = 0..<capabilities.vocabularySize
        for (place, token) in tokens.enumerated() where !range.contains(Int(token)) {
            throw PluginError(
                .argument,
                "token \(place) of the source is \(token), expected 0 to \(range.upperBound - 1)")
        }
        return tokens
    }

    fileprivate func checkIsNew(_ sequence: Int) throws {
        let length = length(of: sequence)
        guard length == 0 else {
            throw PluginError(
                .argument,
                "sequence \(sequence) has \(length) positions, expected an empty one; clear it")
        }
        guard !hasSource(sequence) else {
            throw PluginError(
                .argument, "sequence \(sequence) has a source already; clear it before another")
        }
    }

    /// - Throws: `argument` for a batch with a sequence without a source.
    func checkSources(of batch: Batch) throws {
        if let sequence = batch.sequences.first(where: { !hasSource($0) }) {
            throw PluginError(
                .argument, "sequence \(sequence) has no source; encode one before its first token")
        }
    }
}
