import PluginABI

/// The source text of an empty sequence.
package struct EncodeCall: ModelCall {
    package static let step = CallStep.encode
    private static let longestSource = 1 << 20
    package var source: [Int32]
    package var sequence: Int

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&source, &sequence) }

    package func check(on host: HostSide) throws {
        _ = try supported(host.description.encoder, else: "the model has no encoder")
        let capabilities = try host.description.requiredDecode
        guard (1...Self.longestSource).contains(source.count) else {
            throw ModelFailure.argument(
                "a source of \(source.count) tokens, expected 1 to \(Self.longestSource)")
        }
        for token in source { try capabilities.check(token: token) }
        try capabilities.check(sequence: sequence)
    }

    package func perform(on plugin: PluginSide) throws {
        let encode = try supported(plugin.model.encode?.encode, else: "the model has no encoder")
        try plugin.call(Self.step) {
            encode(plugin.model.context, UInt32(sequence), source, UInt32(source.count), $0)
        }
    }
}

extension LoadedModel {
    /// Reads a source for an empty sequence, which then writes from it. Lane.
    ///
    /// - Throws: `ModelFailure`; after `.refused` the sequence is as before; after any other failure the
    ///   model is to be discarded.
    package func encode(_ source: [Int32], into sequence: Int, deadline: Duration?) throws {
        try call(EncodeCall(source: source, sequence: sequence), deadline: deadline)
    }
}

extension EncoderCapabilities: WireValue {
    package init() { self.init(decoderStart: 0) }

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&decoderStart) }
}
