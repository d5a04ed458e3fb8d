extension ModelDescription {
    package var payload: [UInt8] {
        var writer = WireWriter()
        for text in [pluginID, pluginVersion, pluginLicense, toolchain, family] {
            writer.write(text)
        }
        writer.write(infoJSON)
        writer.write(strings: extensions.sorted())
        writer.write(optional: decode) { $0.write($1) }
        writer.write(optional: encoder) { $0.write($1.decoderStart) }
        writer.write(optional: vectors) { $0.write($1) }
        writer.write(optional: image) { $0.write($1) }
        writer.write(strings: tasks)
        writer.write(bytesHost)
        writer.write(bytesPerContext)
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        self.init(
            pluginID: try reader.readString(), pluginVersion: try reader.readString(),
            pluginLicense: try reader.readString(), toolchain: try reader.readString(),
            family: try reader.readString())
        infoJSON = try reader.readBytes()
        extensions = Set(try reader.readStrings())
        decode = try reader.readOptional { try $0.readCapabilities() }
        encoder = try reader.readOptional { EncoderCapabilities(decoderStart: try $0.read()) }
        vectors = try reader.readOptional { try $0.readVectorCapabilities() }
        image = try reader.readOptional { try $0.readImageCapabilities() }
        tasks = try reader.readStrings()
        bytesHost = try reader.read()
        bytesPerContext = try reader.read()
        try reader.finish()
        try decode?.check()
        try encoder?.check(with: decode)
        try vectors?.check()
        try image?.check()
    }
}

extension WireWriter {
    fileprivate mutating func write(_ capabilities: DecodeCapabilities) {
        write(capabilities.flags.rawValue)
        write(UInt32(capabilities.vocabularySize))
        write(UInt32(capabilities.hiddenSize))
        write(UInt32(capabilities.contextLength))
        write(UInt32(capabilities.sequences))
        write(UInt32(capabilities.batchSize))
    }
}

extension WireWriter {
    fileprivate mutating func write(_ capabilities: VectorCapabilities) {
        write(UInt32(capabilities.dimensions))
        write(strings: capabilities.labels)
        write(UInt32(capabilities.maxTokens))
        write(capabilities.scoresPairs)
        write(capabilities.tokenizes)
        write(capabilities.embedsTokens)
        write(capabilities.classifiesPairs)
        write(capabilities.countsTokens)
    }
}

extension WireReader {
    fileprivate mutating func readVectorCapabilities() throws -> VectorCapabilities {
        VectorCapabilities(
            dimensions: Int(try read(UInt32.self)), labels: try readStrings(),
            maxTokens: Int(try read(UInt32.self)), scoresPairs: try readBool(),
            tokenizes: try readBool(), embedsTokens: try readBool(),
            classifiesPairs: try readBool(), countsTokens: try readBool())
    }

    fileprivate mutating func readCapabilities() throws -> DecodeCapabilities {
        DecodeCapabilities(
            flags: DecodeFlags(rawValue: try read(UInt32.self)),
            vocabularySize: Int(try read(UInt32.self)), hiddenSize: Int(try read(UInt32.self)),
            contextLength: Int(try read(UInt32.self)), sequences: Int(try read(UInt32.self)),
            batchSize: Int(try read(UInt32.self)))
    }
}

extension Vocabulary {
    /// The payload of an optional vocabulary.
    package static func payload(_ vocabulary: Vocabulary?) -> [UInt8] {
        var writer = WireWriter()
        writer.write(optional: vocabulary) { writer, vocabulary in
            writer.write(vocabulary.bytes)
            writer.write(array: vocabulary.offsets)
            writer.write(array: vocabulary.attributes.map(\.rawValue))
            for id in [vocabulary.bos, vocabulary.eos, vocabulary.eot, vocabulary.pad] {
                writer.write(id ?? ABI.noToken)
            }
            writer.write(vocabulary.spacePrefix)
        }
        return writer.bytes
    }

    package static func read(_ payload: [UInt8]) throws -> Vocabulary? {
        var reader = WireReader(payload)
        let vocabulary = try reader.readOptional { try $0.readVocabulary() }
        try reader.finish()
        return vocabulary
    }
}

extension WireReader {
    fileprivate mutating func readVocabulary() throws -> Vocabulary {
        let bytes = try readBytes()
        let offsets = try readArray(of: UInt32.self)
        let attributes = try readArray(of: UInt16.self).map(TokenAttributes.init)
        guard offsets.count == attributes.count + 1, Int(offsets.last ?? 0) == bytes.count else {
            throw WireError.value("a vocabulary whose arrays do not fit together")
        }
        try Vocabulary.check(offsets: offsets, bytesAreNull: false)
        let count = attributes.count
        return Vocabulary(
            bytes: bytes, offsets: offsets, attributes: attributes,
            bos: try Vocabulary.special(try read(), "bos", below: count),
            eos: try Vocabulary.special(try read(), "eos", below: count),
            eot: try Vocabulary.special(try read(), "eot", below: count),
            pad: try Vocabulary.special(try read(), "pad", below: count),
            spacePrefix: try readBool())
    }
}

// MARK: - Failures

extension WireWriter {
    /// A sentence, however long what it quotes.
    fileprivate mutating func write(clipped text: String) {
        write(Array(text.utf8.prefix(8 << 10)))
    }
}

extension ModelFailure {
    /// The payload of a failure that happens in a worker.
    package var payload: [UInt8] {
        var writer = WireWriter()
        switch self {
        case .refused(let code, let flags, let message):
            writer.write(UInt8(1))
            writer.write(code.rawValue)
            writer.write(flags.rawValue)
            writer.write(clipped: message)
        case .load(let stage, let reason):
            writer.write(UInt8(2))
            writer.write(stage.rawValue)
            writer.write(clipped: reason)
        case .broken(let step, let reason):
            writer.write(UInt8(3))
            writer.write(step)
            writer.write(clipped: reason)
        case .crashed, .hung, .unavailable:
            writer.write(UInt8(3))
            writer.write(CallStep.idle.name)
            writer.write(clipped: description)
        }
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        switch try reader.read(UInt8.self) {
        case 1:
            self = .refused(
                code: ErrorCode(status: try reader.read()),
                flags: ErrorFlags(rawValue: try reader.read()), message: try reader.readString())
        case 2:
            let stage = try reader.readString()
            guard let stage = LoadStage(rawValue: stage) else {
                throw WireError.value("a failure in the unknown stage '\(stage)'")
            }
            self = .load(stage: stage, reason: try reader.readString())
        case 3: self = .broken(step: try reader.readString(), reason: try reader.readString())
        case let tag: throw WireError.value("a failure of unknown kind \(tag)")
        }
        try reader.finish()
    }
}
