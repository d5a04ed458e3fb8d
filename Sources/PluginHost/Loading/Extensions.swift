import JSON
import PluginABI

/// The tables of a model's extensions that this host knows, asked for once.
struct Extensions {
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

extension DecodeCapabilities {
    /// What a context can hold, in numbers that a host can work with.
    init(of context: OpaquePointer, _ decode: roost_ext_decode, trace: CallTrace) throws {
        let describe = try require(decode.caps, "caps", in: .describe)
        _ = try require(decode.forward, "forward", in: .describe)
        _ = try require(decode.seq_clear, "seq_clear", in: .describe)
        var out = roost_decode_caps()
        out.struct_size = UInt32(MemoryLayout<roost_decode_caps>.size)
        try callLoading(.describe, trace: trace) { describe(context, &out, $0) }
        self.init(
            flags: DecodeFlags(rawValue: out.flags), vocabularySize: Int(out.n_vocab),
            contextLength: Int(out.n_ctx), sequences: Int(out.n_seq),
            batchSize: Int(out.n_batch))
        try check()
    }
}

extension EncoderCapabilities {
    /// The description of a model's encoder.
    init(_ encode: roost_ext_encode, with decode: DecodeCapabilities?) throws {
        _ = try require(encode.encode, "encode", in: .describe)
        self.init(decoderStart: encode.decoder_start)
        try check(with: decode)
    }
}

extension Vocabulary {
    /// Copies the vocabulary out of the plugin.
    init(of model: OpaquePointer, _ tokens: roost_ext_tokens, trace: CallTrace) throws {
        // Reading what it points to is part of the call.
        self = try trace.during(.vocabulary) {
            try Self(copying: Self.describe(model, tokens, trace: trace))
        }
    }

    private static func describe(
        _ model: OpaquePointer, _ tokens: roost_ext_tokens, trace: CallTrace
    ) throws -> roost_vocab {
        let describe = try require(tokens.vocab, "vocab", in: .vocabulary)
        _ = try require(tokens.tokenize, "tokenize", in: .vocabulary)
        var out = roost_vocab()
        out.struct_size = UInt32(MemoryLayout<roost_vocab>.size)
        try callLoading(.vocabulary, trace: trace) { describe(model, &out, $0) }
        return out
    }

    private init(copying table: roost_vocab) throws {
        let count = Int(table.n)
        guard (1...1 << 24).contains(count), let offset = table.offset, let attributes = table.attr
        else {
            let isNull = table.offset == nil || table.attr == nil
            throw ModelFailure.broken(
                step: CallStep.vocabulary.name,
                reason: "\(count) tokens with \(isNull ? "null arrays" : "arrays"), "
                    + "expected 1 to \(1 << 24)")
        }
        let offsets = Array(UnsafeBufferPointer(start: offset, count: count + 1))
        try Self.check(offsets: offsets, bytesAreNull: table.bytes == nil)
        try self.init(
            bytes: Array(UnsafeRawBufferPointer(start: table.bytes, count: Int(offsets[count]))),
            offsets: offsets,
            attributes: UnsafeBufferPointer(start: attributes, count: count)
                .map(TokenAttributes.init),
            bos: Self.special(table.bos, "bos", below: count),
            eos: Self.special(table.eos, "eos", below: count),
            eot: Self.special(table.eot, "eot", below: count),
            pad: Self.special(table.pad, "pad", below: count),
            spacePrefix: VocabularyFlags(rawValue: table.flags).contains(.spacePrefix))
    }
}

// MARK: - Vectors, tasks and images

extension VectorCapabilities {
    /// What a model of vectors can do, its labels copied.
    init(of model: OpaquePointer, _ vectors: roost_ext_vectors, trace: CallTrace) throws {
        self.init(
            dimensions: Int(vectors.dim), maxTokens: Int(vectors.max_tokens),
            scoresPairs: vectors.score_pairs != nil, tokenizes: vectors.embed_tokenize != nil,
            countsTokens: vectors.count_tokens != nil)
        if vectors.dim > 0 { _ = try require(vectors.embed, "embed", in: .describe) }
        embedsTokens = vectors.dim > 0 && tokenizes && vectors.embed_tokens != nil
        labels = try Self.labels(of: model, vectors, trace: trace)
        classifiesPairs = classifies && vectors.classify_pairs != nil
        try check()
    }

    private static func labels(
        of model: OpaquePointer, _ vectors: roost_ext_vectors, trace: CallTrace
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
            let bytes = try collectLoading(.describe, limit: 4096, trace: trace) {
                label(model, index, $0, $1)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}

extension ModelDescription {
    /// A model's tasks.
    static func tasks(
        of model: OpaquePointer, _ task: roost_ext_task, trace: CallTrace
    ) throws -> [TaskDescription] {
        let list = try require(task.list_json, "list_json", in: .tasks)
        _ = try require(task.begin, "begin", in: .tasks)
        _ = try require(task.advance, "advance", in: .tasks)
        _ = try require(task.end, "end", in: .tasks)
        let json = try collectLoading(.tasks, limit: 1 << 20, trace: trace) {
            list(model, $0, $1)
        }
        let listed = (try? JSONValue(parsing: json))?.array
        let tasks = listed?.compactMap(TaskDescription.init)
        guard let tasks, tasks.count == listed?.count else {
            throw ModelFailure.broken(
                step: CallStep.tasks.name,
                reason: "the list of tasks is no array of objects with a \"name\"")
        }
        return tasks
    }
}

extension ImageCapabilities {
    /// What an image model can do.
    init(_ image: roost_ext_image, infoJSON: [UInt8]) throws {
        _ = try require(image.begin, "begin", in: .describe)
        _ = try require(image.step, "step", in: .describe)
        _ = try require(image.finish, "finish", in: .describe)
        _ = try require(image.end, "end", in: .describe)
        try self.init(infoJSON: infoJSON, previews: image.preview != nil)
    }
}
