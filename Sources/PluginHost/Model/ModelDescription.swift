import JSON

/// What a plugin says about itself and about the model it has open.
package struct ModelDescription: Sendable, Equatable {
    package var pluginID: String
    package var pluginVersion: String
    package var pluginLicense: String
    package var toolchain: String
    /// "llama", "bert", …; of this model, as the plugin's probe named it.
    package var family: String
    /// One JSON object: "name", "architecture", "context_length", "chat_template", …; all optional.
    package var infoJSON: [UInt8]
    /// Ids of the abilities that this model has and this host knows.
    package var extensions: Set<String>
    /// Nil for a model that does not decode text.
    package var decode: DecodeCapabilities?
    /// Nil for a model without an encoder.
    package var encoder: EncoderCapabilities?
    /// Nil for a model without vectors, scores and labels.
    package var vectors: VectorCapabilities?
    /// Nil for a model that makes no images.
    package var image: ImageCapabilities?
    package var tasks: [TaskDescription]
    /// Memory of the open model, mapped weights included, as the plugin estimates it.
    package var bytesHost: UInt64
    /// Memory of the context at its largest, as the plugin estimates it.
    package var bytesPerContext: UInt64
    /// The most of both that it was opened with; 0 is no limit.
    package var budgetBytes: UInt64
    /// What the plugin held of the host's memory once the model was open.
    package var allocated: AllocatedBytes

    package init(
        pluginID: String, pluginVersion: String, pluginLicense: String = "", toolchain: String = "",
        family: String, infoJSON: [UInt8] = Array("{}".utf8), extensions: Set<String> = [],
        decode: DecodeCapabilities? = nil, encoder: EncoderCapabilities? = nil,
        vectors: VectorCapabilities? = nil, image: ImageCapabilities? = nil,
        tasks: [TaskDescription] = [], bytesHost: UInt64 = 0, bytesPerContext: UInt64 = 0,
        budgetBytes: UInt64 = 0, allocated: AllocatedBytes = AllocatedBytes()
    ) {
        self.pluginID = pluginID
        self.pluginVersion = pluginVersion
        self.pluginLicense = pluginLicense
        self.toolchain = toolchain
        self.family = family
        self.infoJSON = infoJSON
        self.extensions = extensions
        self.decode = decode
        self.encoder = encoder
        self.vectors = vectors
        self.image = image
        self.tasks = tasks
        self.bytesHost = bytesHost
        self.bytesPerContext = bytesPerContext
        self.budgetBytes = budgetBytes
        self.allocated = allocated
    }
}

/// What a decoding context can hold.
package struct DecodeCapabilities: Sendable, Equatable {
    package var flags: DecodeFlags
    /// Floats per row of logits.
    package var vocabularySize: Int
    /// Positions per sequence.
    package var contextLength: Int
    /// Sequences are numbered 0 ..< sequences.
    package var sequences: Int
    /// Rows per forward.
    package var batchSize: Int

    package init(
        flags: DecodeFlags, vocabularySize: Int, contextLength: Int,
        sequences: Int,
        batchSize: Int
    ) {
        self.flags = flags
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.sequences = sequences
        self.batchSize = batchSize
    }
}

/// The encoder of an encoder-decoder: it reads a source, from which the decoder then writes.
package struct EncoderCapabilities: Sendable, Equatable {
    /// The token that a decoder's sequence begins with.
    package var decoderStart: Int32

    package init(decoderStart: Int32) {
        self.decoderStart = decoderStart
    }
}

// MARK: - Checks

/// What a call needs the model to have.
extension ModelDescription {
    var requiredDecode: DecodeCapabilities {
        get throws { try supported(decode, else: "the model does not decode text") }
    }

    var requiredVectors: VectorCapabilities {
        get throws { try supported(vectors, else: "the model has no vectors") }
    }

    var requiredImage: ImageCapabilities {
        get throws { try supported(image, else: "the model makes no images") }
    }
}

extension DecodeCapabilities {
    /// - Throws: `.broken` for impossible numbers.
    func check() throws {
        try ModelFailure.check("n_vocab", vocabularySize, 1...1 << 24)
        try ModelFailure.check("n_ctx", contextLength, 1...1 << 30)
        try ModelFailure.check("n_seq", sequences, 1...1 << 16)
        try ModelFailure.check("n_batch", batchSize, 1...1 << 20)
    }

    func check(token: Int32) throws {
        guard token >= 0, token < vocabularySize else {
            throw ModelFailure.argument("token \(token), expected 0 to \(vocabularySize - 1)")
        }
    }

    func check(sequence: Int) throws {
        guard sequence >= 0, sequence < sequences else {
            throw ModelFailure.argument("sequence \(sequence), expected 0 to \(sequences - 1)")
        }
    }
}

extension EncoderCapabilities {
    /// - Throws: `.broken` for an encoder without a decoder, or one that begins with no token of it.
    func check(with decode: DecodeCapabilities?) throws {
        guard let decode else {
            throw ModelFailure.broken(
                step: CallStep.describe.name,
                reason:
                    "an encoder without a decoder, expected \(ExtensionID.decode.rawValue) as well")
        }
        guard decoderStart >= 0, decoderStart < decode.vocabularySize else {
            throw ModelFailure.broken(
                step: CallStep.describe.name,
                reason: "decoder_start is \(decoderStart), expected 0 to "
                    + "\(decode.vocabularySize - 1)")
        }
    }
}

extension ModelDescription {
    private static let mostNotes = 16
    private static let longestNote = 500

    /// What the plugin had to assume or omit when it opened the model: "notes" of its `info_json`.
    package var notes: [String] {
        let notes = (try? JSONValue(parsing: infoJSON))?["notes"]?.array ?? []
        return notes.compactMap(\.string).prefix(Self.mostNotes).map {
            String($0.prefix(Self.longestNote))
        }
    }
}
