/// A step: rows of sequences, of which some want logits.
package struct ForwardCall: ModelCall {
    package static let step = CallStep.forward
    package let batch: Batch

    package func check(for model: any LoadedModel) throws {
        try batch.check(against: try model.description.requiredDecode)
    }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws {
        try model.forward(batch, into: try rows(in: memory, of: model.description), call)
    }

    package func result(
        _ answer: Void, in memory: any LaneMemory, of model: any LoadedModel
    ) throws -> FloatRows {
        try rows(in: memory, of: model.description).written
    }

    private func rows(
        in memory: any LaneMemory, of model: ModelDescription
    ) throws -> RowBuffer {
        try memory.rows(batch.wants.count { $0 }, width: try model.requiredDecode.vocabularySize)
    }
}

extension ForwardCall {
    package func write(to writer: inout WireWriter) {
        writer.write(batch.tokens)
        writer.write(batch.sequences)
        writer.write(batch.positions)
        writer.write(batch.wants.map { $0 ? 1 : 0 as UInt8 })
    }

    package init(from reader: inout WireReader) throws {
        batch = Batch(
            tokens: try reader.read(), sequences: try reader.read(),
            positions: try reader.read(), wants: (try reader.read() as [UInt8]).map { $0 != 0 })
    }
}

/// A call on a sequence, which neither computes nor can be cancelled.
package protocol SequenceCall: ModelCall {
    var sequence: Int { get }
}

extension SequenceCall {
    package func limit(_ limits: WorkerLimits) -> Duration? { limits.sequence }

    package func check(for model: any LoadedModel) throws {
        try model.description.requiredDecode.check(sequence: sequence)
    }
}

package struct SequenceLengthCall: SequenceCall {
    package static let step = CallStep.length
    package let sequence: Int

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws -> Int {
        try model.sequenceLength(sequence, trace: call.trace)
    }

    package func result(
        _ length: Int, in memory: any LaneMemory, of model: any LoadedModel
    ) throws -> Int {
        let most = try model.description.requiredDecode.contextLength
        guard (0...most).contains(length) else {
            throw ModelFailure.broken(
                step: Self.step.name, reason: "length \(length) in a context of \(most)")
        }
        return length
    }
}

extension SequenceLengthCall {
    package func write(to writer: inout WireWriter) {
        writer.write(sequence)
    }

    package init(from reader: inout WireReader) throws {
        sequence = try reader.read()
    }

    package static func write(_ length: Int, to writer: inout WireWriter) {
        writer.write(length)
    }

    package static func readAnswer(from reader: inout WireReader) throws -> Int {
        try reader.read()
    }
}

package struct ClearCall: SequenceCall {
    package static let step = CallStep.clear
    package let sequence: Int

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws {
        try model.clear(sequence, trace: call.trace)
    }
}

extension ClearCall {
    package func write(to writer: inout WireWriter) {
        writer.write(sequence)
    }

    package init(from reader: inout WireReader) throws {
        sequence = try reader.read()
    }
}

package struct TruncateCall: SequenceCall {
    package static let step = CallStep.truncate
    package let sequence: Int
    package let length: Int

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws {
        try model.truncate(sequence, to: length, trace: call.trace)
    }
}

extension TruncateCall {
    package func write(to writer: inout WireWriter) {
        writer.write(sequence)
        writer.write(length)
    }

    package init(from reader: inout WireReader) throws {
        sequence = try reader.read()
        length = try reader.read()
    }
}

package struct ForkCall: SequenceCall {
    package static let step = CallStep.fork
    package let sequence: Int
    package let destination: Int
    package let length: Int

    package func check(for model: any LoadedModel) throws {
        let decoder = try model.description.requiredDecode
        try decoder.check(sequence: sequence)
        try decoder.check(sequence: destination)
    }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws {
        try model.fork(sequence, to: destination, length: length, trace: call.trace)
    }
}

extension ForkCall {
    package func write(to writer: inout WireWriter) {
        writer.write(sequence)
        writer.write(destination)
        writer.write(length)
    }

    package init(from reader: inout WireReader) throws {
        sequence = try reader.read()
        destination = try reader.read()
        length = try reader.read()
    }
}

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

    /// Makes the empty sequence `destination` hold the first `length` positions of `source`, and what
    /// that reads from. Lane.
    package func fork(_ source: Int, to destination: Int, length: Int) throws {
        try call(ForkCall(sequence: source, destination: destination, length: length))
    }
}

// MARK: - What a model says of it

extension WireWriter {
    mutating func write(_ capabilities: DecodeCapabilities) {
        write(capabilities.flags.rawValue)
        write(capabilities.vocabularySize)
        write(capabilities.contextLength)
        write(capabilities.sequences)
        write(capabilities.batchSize)
    }
}

extension DecodeCapabilities {
    init(from reader: inout WireReader) throws {
        self.init(
            flags: DecodeFlags(rawValue: try reader.read()), vocabularySize: try reader.read(),
            contextLength: try reader.read(),
            sequences: try reader.read(), batchSize: try reader.read())
        try check()
    }
}
