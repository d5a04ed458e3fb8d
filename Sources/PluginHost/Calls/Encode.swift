/// What a sequence, which is empty, then writes of.
package struct EncodeCall: ModelCall {
    package static let step = CallStep.encode
    private static let longestSource = 1 << 20
    package let source: [Int32]
    package let sequence: Int

    package func check(for model: any LoadedModel) throws {
        guard model.description.encoder != nil else {
            throw ModelFailure.unsupported("the model has no encoder")
        }
        let decoder = try model.description.requiredDecode
        guard (1...Self.longestSource).contains(source.count) else {
            throw ModelFailure.argument(
                "a source of \(source.count) tokens, expected 1 to \(Self.longestSource)")
        }
        for token in source { try decoder.check(token: token) }
        try decoder.check(sequence: sequence)
    }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws {
        try model.encode(source, into: sequence, call)
    }
}

extension EncodeCall {
    package func write(to writer: inout WireWriter) {
        writer.write(sequence)
        writer.write(source)
    }

    package init(from reader: inout WireReader) throws {
        sequence = try reader.read()
        source = try reader.read()
    }
}

extension LoadedModel {
    /// Reads a source as what a sequence, which is empty, then writes of. Lane.
    ///
    /// - Throws: `ModelFailure`; after `.refused` the sequence is as before; after any other failure the
    ///   model is to be discarded.
    package func encode(_ source: [Int32], into sequence: Int, deadline: Duration?) throws {
        try call(EncodeCall(source: source, sequence: sequence), deadline: deadline)
    }
}
