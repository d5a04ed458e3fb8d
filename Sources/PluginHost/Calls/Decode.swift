import PluginABI

/// A step: rows of sequences, some of which request logits.
package struct ForwardCall: RowsCall {
    package static let step = CallStep.forward
    package var batch: Batch

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&batch) }

    package func check(on host: HostSide) throws { try batch.check(for: host.description) }

    package func shape(for model: ModelDescription) throws -> (count: Int, width: Int) {
        (batch.wants.count { $0 }, try model.requiredDecode.vocabularySize)
    }

    package func perform(on plugin: PluginSide) throws {
        let decoder = try plugin.model.decoder
        let out = try rows(on: plugin)
        out.mark()
        var rows = out.pluginRows
        try batch.withPluginBatch { batch in
            try plugin.call(Self.step) { decoder.forward(plugin.model.context, batch, &rows, $0) }
        }
        try out.check(rows, Self.step)
        // The old content is from the previous step, perhaps another request's.
        if let row = out.firstUnwritten {
            throw ModelFailure.broken(
                step: Self.step.name,
                reason: "row \(row) of the logits was not written, expected all \(out.count) that "
                    + "were wanted")
        }
    }
}

/// A call on a sequence, which does not compute.
package protocol SequenceCall: ModelCall {
    var sequence: Int { get }
}

extension SequenceCall {
    package func limit(_ limits: WorkerLimits) -> Duration? { limits.sequence }

    package func check(on host: HostSide) throws {
        try host.description.requiredDecode.check(sequence: sequence)
    }
}

package struct SequenceLengthCall: SequenceCall {
    package typealias Answer = Int
    package static let step = CallStep.length
    package var sequence: Int

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&sequence) }

    package func perform(on plugin: PluginSide) throws -> Int {
        let length = try supported(
            plugin.model.decoder.seq_len, else: "the plugin has no seq_len")
        var out: UInt32 = 0
        try plugin.call(Self.step) { length(plugin.model.context, UInt32(sequence), &out, $0) }
        return Int(out)
    }

    package func result(_ length: Int, on host: HostSide) throws -> Int {
        let most = try host.description.requiredDecode.contextLength
        guard (0...most).contains(length) else {
            throw ModelFailure.broken(
                step: Self.step.name, reason: "length \(length) in a context of \(most)")
        }
        return length
    }
}

package struct ClearCall: SequenceCall {
    package static let step = CallStep.clear
    package var sequence: Int

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&sequence) }

    package func perform(on plugin: PluginSide) throws {
        let decoder = try plugin.model.decoder
        try plugin.call(Self.step) { decoder.seq_clear(plugin.model.context, UInt32(sequence), $0) }
    }
}

package struct TruncateCall: SequenceCall {
    package static let step = CallStep.truncate
    package var sequence: Int
    package var length: Int

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&sequence, &length) }

    package func perform(on plugin: PluginSide) throws {
        let truncate = try supported(
            plugin.model.decoder.seq_truncate, else: "the plugin has no seq_truncate")
        try plugin.call(Self.step) {
            truncate(plugin.model.context, UInt32(sequence), UInt32(clamping: length), $0)
        }
    }
}

package struct ForkCall: SequenceCall {
    package static let step = CallStep.fork
    package var sequence: Int
    package var destination: Int
    package var length: Int

    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&sequence, &destination, &length)
    }

    package func check(on host: HostSide) throws {
        let capabilities = try host.description.requiredDecode
        try capabilities.check(sequence: sequence)
        try capabilities.check(sequence: destination)
    }

    package func perform(on plugin: PluginSide) throws {
        let fork = try supported(plugin.model.decoder.seq_fork, else: "the plugin has no seq_fork")
        try plugin.call(Self.step) {
            fork(
                plugin.model.context, UInt32(sequence), UInt32(destination),
                UInt32(clamping: length), $0)
        }
    }
}

extension ModelInstance {
    fileprivate var decoder: roost_ext_decode {
        get throws { try supported(decode, else: "the model does not decode text") }
    }
}

// MARK: - For the engine

extension LoadedModel {
    /// Appends the rows to their sequences and returns a row of logits for each row that wants one,
    /// in batch order. Lane.
    ///
    /// - Returns: rows that are valid until the next `forward` or `close`.
    /// - Throws: `ModelFailure`; after `.refused` every sequence is as before, unless its flags hold
    ///   `.sequencesLost`; after any other failure the model is to be discarded.
    package func forward(_ batch: Batch, deadline: Duration?) throws -> FloatRows {
        try call(ForwardCall(batch: batch), deadline: deadline)
    }

    /// The number of positions in a sequence. Lane.
    package func sequenceLength(_ sequence: Int) throws -> Int {
        try call(SequenceLengthCall(sequence: sequence))
    }

    /// Empties a sequence, which forgets its source too. Lane.
    package func clear(_ sequence: Int) throws {
        try call(ClearCall(sequence: sequence))
    }

    /// Keeps the first `length` positions of a sequence, and its source. Lane.
    package func truncate(_ sequence: Int, to length: Int) throws {
        try call(TruncateCall(sequence: sequence, length: length))
    }

    /// Makes the empty sequence `destination` hold the first `length` positions of `source`, and
    /// share its source text. Lane.
    package func fork(_ source: Int, to destination: Int, length: Int) throws {
        try call(ForkCall(sequence: source, destination: destination, length: length))
    }
}

// MARK: - What a model says of it

extension DecodeCapabilities: WireValue {
    package init() {
        self.init(flags: [], vocabularySize: 0, contextLength: 0, sequences: 0, batchSize: 0)
    }

    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&flags, &vocabularySize, &contextLength)
        try wire.pass(&sequences, &batchSize)
        if wire.isRead { try check() }
    }
}
