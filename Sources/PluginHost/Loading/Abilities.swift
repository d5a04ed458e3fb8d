import FoundationEssentials
import PluginABI

/// The abilities of a model that this host knows, asked for once.
struct Abilities {
    private let tables: [ExtensionID: UnsafeRawPointer]
    private let trace: CallTrace

    init(_ plugin: roost_plugin, _ model: OpaquePointer, trace: CallTrace) {
        self.trace = trace
        tables = trace.during(.ability) {
            ExtensionID.allCases.reduce(into: [:]) {
                $0[$1] = plugin.extension(model, $1.rawValue)
            }
        }
    }

    var ids: Set<String> { Set(tables.keys.map(\.rawValue)) }

    func table<Table>(_ id: ExtensionID, as type: Table.Type) throws -> Table? {
        try trace.during(.ability) {
            try tables[id].map { try readTable($0, as: type, in: .ability) }
        }
    }
}

// MARK: - Decoding

/// What a context can hold, in numbers that a host can work with.
func capabilitiesOf(
    _ context: OpaquePointer, _ decode: roost_ext_decode, trace: CallTrace
) throws -> DecodeCapabilities {
    let describe = try require(decode.caps, "caps", in: .describe)
    _ = try require(decode.forward, "forward", in: .describe)
    _ = try require(decode.seq_clear, "seq_clear", in: .describe)
    var out = roost_decode_caps()
    out.struct_size = UInt32(MemoryLayout<roost_decode_caps>.size)
    try inStage(.describe) {
        try callPlugin(.describe, trace: trace) { (_: UnsafeMutablePointer<roost_err>) in
            describe(context, &out)
        }
    }
    let capabilities = DecodeCapabilities(
        flags: DecodeFlags(rawValue: out.flags), vocabularySize: Int(out.n_vocab),
        hiddenSize: Int(out.n_hidden), contextLength: Int(out.n_ctx), sequences: Int(out.n_seq),
        batchRows: Int(out.n_batch))
    try capabilities.check()
    return capabilities
}

extension DecodeCapabilities {
    /// - Throws: `.broken` for numbers that no model has.
    func check() throws {
        try check("n_vocab", vocabularySize, 1...1 << 24)
        try check("n_hidden", hiddenSize, 0...1 << 24)
        try check("n_ctx", contextLength, 1...1 << 30)
        try check("n_seq", sequences, 1...1 << 16)
        try check("n_batch", batchRows, 1...1 << 20)
    }

    private func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ModelFailure.broken(
                step: CallStep.describe.name,
                reason: "\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
        }
    }
}

/// What a model with an encoder says of it.
func capabilitiesOf(
    _ encode: roost_ext_encode, with decode: DecodeCapabilities?
) throws -> EncoderCapabilities {
    _ = try require(encode.encode, "encode", in: .describe)
    let capabilities = EncoderCapabilities(decoderStart: encode.decoder_start)
    try capabilities.check(with: decode)
    return capabilities
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

// MARK: - Vectors, tasks and pictures

/// What a model of vectors can do, its labels copied.
func capabilitiesOf(
    _ model: OpaquePointer, _ vectors: roost_ext_vectors, trace: CallTrace
) throws -> VectorCapabilities {
    var capabilities = VectorCapabilities(
        dimensions: Int(vectors.dim), maxTokens: Int(vectors.max_tokens),
        scoresPairs: vectors.score_pairs != nil, tokenizes: vectors.embed_tokenize != nil,
        countsTokens: vectors.count_tokens != nil)
    if vectors.dim > 0 { _ = try require(vectors.embed, "embed", in: .describe) }
    capabilities.embedsTokens =
        vectors.dim > 0 && capabilities.tokenizes && vectors.embed_tokens != nil
    capabilities.labels = try labelsOf(model, vectors, trace: trace)
    capabilities.classifiesPairs = capabilities.classifies && vectors.classify_pairs != nil
    try capabilities.check()
    return capabilities
}

private func labelsOf(
    _ model: OpaquePointer, _ vectors: roost_ext_vectors, trace: CallTrace
) throws -> [String] {
    guard vectors.n_labels > 0 else { return [] }
    guard vectors.n_labels <= 1 << 16 else {
        throw ModelFailure.broken(
            step: CallStep.describe.name,
            reason: "n_labels is \(vectors.n_labels), expected at most \(1 << 16)")
    }
    _ = try require(vectors.classify, "classify", in: .describe)
    let label = try require(vectors.label, "label", in: .describe)
    return try (0..<vectors.n_labels).map { index in
        let bytes = try inStage(.describe) {
            try OutputSink.collect(.describe, limit: 4096) { sink in
                try callPlugin(.describe, trace: trace) { (_: UnsafeMutablePointer<roost_err>) in
                    label(model, index, sink)
                }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The names of a model's tasks.
func namesOf(_ model: OpaquePointer, _ task: roost_ext_task, trace: CallTrace) throws -> [String] {
    let list = try require(task.list_json, "list_json", in: .tasks)
    _ = try require(task.begin, "begin", in: .tasks)
    _ = try require(task.advance, "advance", in: .tasks)
    _ = try require(task.end, "end", in: .tasks)
    let json = try inStage(.describe) {
        try OutputSink.collect(.tasks, limit: 1 << 20) { sink in
            try callPlugin(.tasks, trace: trace) { (_: UnsafeMutablePointer<roost_err>) in
                list(model, sink)
            }
        }
    }
    struct Task: Decodable { var name: String }
    do {
        return try JSONDecoder().decode([Task].self, from: Data(json)).map(\.name)
    } catch {
        throw ModelFailure.broken(
            step: CallStep.tasks.name,
            reason: "the list of tasks is no array of objects with a \"name\"")
    }
}

/// What a model of pictures can do.
func capabilitiesOf(_ image: roost_ext_image, infoJSON: [UInt8]) throws -> ImageCapabilities {
    _ = try require(image.begin, "begin", in: .describe)
    _ = try require(image.step, "step", in: .describe)
    _ = try require(image.finish, "finish", in: .describe)
    _ = try require(image.end, "end", in: .describe)
    return try ImageCapabilities(infoJSON: infoJSON, previews: image.preview != nil)
}

// MARK: - Vocabulary

/// Copies the vocabulary out of the plugin.
func vocabularyOf(
    _ model: OpaquePointer, _ tokens: roost_ext_tokens, trace: CallTrace
) throws -> Vocabulary {
    // Reading what it points to is part of the call.
    try trace.during(.vocabulary) { try copyVocabulary(model, tokens, trace: trace) }
}

private func copyVocabulary(
    _ model: OpaquePointer, _ tokens: roost_ext_tokens, trace: CallTrace
) throws -> Vocabulary {
    let describe = try require(tokens.vocab, "vocab", in: .vocabulary)
    _ = try require(tokens.tokenize, "tokenize", in: .vocabulary)
    var out = roost_vocab()
    out.struct_size = UInt32(MemoryLayout<roost_vocab>.size)
    try inStage(.vocabulary) {
        try callPlugin(.vocabulary, trace: trace) { (_: UnsafeMutablePointer<roost_err>) in
            describe(model, &out)
        }
    }
    let count = Int(out.n)
    guard (1...1 << 24).contains(count), let offset = out.offset, let attributes = out.attr else {
        throw ModelFailure.broken(
            step: CallStep.vocabulary.name,
            reason: "\(count) tokens with "
                + "\(out.offset == nil || out.attr == nil ? "null arrays" : "arrays"), "
                + "expected 1 to \(1 << 24)")
    }
    let offsets = Array(UnsafeBufferPointer(start: offset, count: count + 1))
    try checkOffsets(offsets, bytesAreNull: out.bytes == nil)
    return try Vocabulary(
        bytes: Array(UnsafeRawBufferPointer(start: out.bytes, count: Int(offsets[count]))),
        offsets: offsets,
        attributes: UnsafeBufferPointer(start: attributes, count: count)
            .map(TokenAttributes.init),
        bos: special(out.bos, "bos", below: count), eos: special(out.eos, "eos", below: count),
        eot: special(out.eot, "eot", below: count), pad: special(out.pad, "pad", below: count),
        spacePrefix: VocabularyFlags(rawValue: out.flags).contains(.spacePrefix))
}

/// Offsets rise from 0 to the number of bytes, of which there are at most a gibibyte.
func checkOffsets(_ offsets: [UInt32], bytesAreNull: Bool) throws {
    var before: UInt32 = 0
    for (index, offset) in offsets.enumerated() {
        guard offset >= before, offset <= 1 << 30, index > 0 || offset == 0 else {
            throw ModelFailure.broken(
                step: CallStep.vocabulary.name,
                reason:
                    "offset[\(index)] is \(offset) after \(before); offsets must rise from 0 to "
                    + "at most \(1 << 30)")
        }
        before = offset
    }
    if before > 0, bytesAreNull {
        throw ModelFailure.broken(step: CallStep.vocabulary.name, reason: "bytes is null")
    }
}

/// The id of a special token, nil for none.
func special(_ id: Int32, _ name: String, below count: Int) throws -> Int32? {
    guard id >= ABI.noToken, id < count else {
        throw ModelFailure.broken(
            step: CallStep.vocabulary.name,
            reason: "\(name) is \(id), expected \(ABI.noToken) to \(count - 1)")
    }
    return id < 0 ? nil : id
}

/// Logits may be padded beyond the vocabulary, never the other way round.
func checkFit(_ vocabulary: Vocabulary?, _ capabilities: DecodeCapabilities?) throws {
    guard let vocabulary, let capabilities, vocabulary.count > capabilities.vocabularySize else {
        return
    }
    throw ModelFailure.broken(
        step: CallStep.vocabulary.name,
        reason: "\(vocabulary.count) tokens, but only \(capabilities.vocabularySize) logits per row"
    )
}
