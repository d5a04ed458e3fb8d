import PluginABI

/// A vector model with its `roost.vectors/1`, which says what this model can do and so is its own.
final class VectorsBox: Sendable {
    let model: any VectorModel
    let capabilities: VectorCapabilities
    nonisolated(unsafe) private let table: UnsafeMutablePointer<roost_ext_vectors>

    init(_ model: any VectorModel) {
        self.model = model
        let found = model.vectors
        capabilities = found
        table = .allocate(capacity: 1)
        let embeds = found.dimensions > 0
        table.initialize(
            to: roost_ext_vectors(
                struct_size: structSize(roost_ext_vectors.self), dim: UInt32(found.dimensions),
                n_labels: UInt32(found.labels.count), max_tokens: UInt32(found.maxTokens),
                label: found.labels.isEmpty ? nil : writeLabel,
                embed: embeds ? embed : nil,
                score_pairs: found.scoresPairs ? scorePairs : nil,
                classify: found.labels.isEmpty ? nil : classify,
                embed_tokenize: found.embedsTokens ? embedTokenize : nil,
                embed_tokens: embeds && found.embedsTokens ? embedTokens : nil,
                classify_pairs: found.classifiesPairs && !found.labels.isEmpty
                    ? classifyPairs : nil,
                count_tokens: found.countsTokens ? countTokens : nil))
    }

    deinit {
        table.deallocate()
    }

    /// Valid as long as the box.
    var pointer: UnsafeRawPointer { UnsafeRawPointer(table) }
}

private func writeLabel(
    model: OpaquePointer?, index: UInt32, out: roost_sink, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { _ in
        let labels = try vectors(of: model).capabilities.labels
        guard index < labels.count else {
            throw PluginError(.argument, "label \(index), expected 0 to \(labels.count - 1)")
        }
        try Sink(out).put(labels[Int(index)])
    }
}

private func embedTokenize(
    model: OpaquePointer?, text: roost_str, flags: UInt32, out: roost_sink,
    call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let sink = try Sink(out)
        let ids = try vectors(of: model).model.embeddingTokens(
            of: text.string("text"), flags: EmbedFlags(checking: flags), call: call)
        try sink.put(ids)
    }
}

private func countTokens(
    model: OpaquePointer?, text: roost_str, pair: UnsafePointer<roost_str>?, flags: UInt32,
    read: UnsafeMutablePointer<UInt32>?, whole: UnsafeMutablePointer<UInt32>?,
    call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        guard let read, let whole else {
            throw PluginError(.argument, "the place for the counts is null")
        }
        let count = try vectors(of: model).model.countTokens(
            of: text.string("text"), pair: pair?.pointee.string("pair"),
            flags: EmbedFlags(checking: flags), call: call)
        guard count.read <= count.whole, let found = UInt32(exactly: count.read) else {
            throw PluginError(.internal, "\(count.read) tokens read of \(count.whole)")
        }
        read.pointee = found
        whole.pointee = UInt32(clamping: count.whole)
    }
}

// MARK: - Lane

private func embed(
    context: OpaquePointer?, text: UnsafePointer<roost_str>?, count: UInt32, flags: UInt32,
    out: UnsafeMutablePointer<roost_rows>?, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let (box, context, capabilities) = try vectors(in: context)
        try box.lane {
            let texts = try strings(text, count, "text")
            let flags = try EmbedFlags(checking: flags)
            let rows = try Rows(checking: out, count: texts.count, width: capabilities.dimensions)
            try call.check()
            try context.embed(texts, flags: flags, into: rows, call: call)
        }
    }
}

private func embedTokens(
    context: OpaquePointer?, token: UnsafePointer<Int32>?, offset: UnsafePointer<UInt32>?,
    count: UInt32, flags: UInt32, out: UnsafeMutablePointer<roost_rows>?,
    call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let (box, context, capabilities) = try vectors(in: context)
        try box.lane {
            let texts = try tokens(token, offset, count, limit: capabilities.maxTokens)
            let flags = try EmbedFlags(checking: flags)
            let rows = try Rows(checking: out, count: texts.count, width: capabilities.dimensions)
            try call.check()
            try context.embed(tokens: texts, flags: flags, into: rows, call: call)
        }
    }
}

private func scorePairs(
    context: OpaquePointer?, query: roost_str, documents: UnsafePointer<roost_str>?, count: UInt32,
    out: UnsafeMutablePointer<Float>?, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let (box, context, _) = try vectors(in: context)
        try box.lane {
            let query = try query.string("query")
            let documents = try strings(documents, count, "docs")
            guard let out else {
                throw PluginError(.argument, "the place for the scores is null")
            }
            try call.check()
            let scores = try context.scores(query: query, documents: documents, call: call)
            guard scores.count == documents.count else {
                throw PluginError(
                    .internal, "\(scores.count) scores of \(documents.count) documents")
            }
            out.update(from: scores, count: scores.count)
        }
    }
}

private func classify(
    context: OpaquePointer?, text: UnsafePointer<roost_str>?, count: UInt32,
    out: UnsafeMutablePointer<roost_rows>?, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let (box, context, capabilities) = try vectors(in: context)
        try box.lane {
            let texts = try strings(text, count, "text")
            let width = capabilities.labels.count
            let rows = try Rows(checking: out, count: texts.count, width: width)
            try call.check()
            try context.classify(texts, into: rows, call: call)
        }
    }
}

private func classifyPairs(
    context: OpaquePointer?, text: UnsafePointer<roost_str>?, pair: UnsafePointer<roost_str>?,
    count: UInt32, out: UnsafeMutablePointer<roost_rows>?, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let (box, context, capabilities) = try vectors(in: context)
        try box.lane {
            let texts = try strings(text, count, "text")
            let pairs = try strings(pair, count, "pair")
            let width = capabilities.labels.count
            let rows = try Rows(checking: out, count: texts.count, width: width)
            try call.check()
            try context.classify(texts, pairs: pairs, into: rows, call: call)
        }
    }
}

// MARK: - Checks

private func vectors(of model: OpaquePointer?) throws -> VectorsBox {
    guard let vectors = try model.box(ModelBox.self, "model").vectors else {
        throw PluginError(.unsupported, "the model has no vectors")
    }
    return vectors
}

private func vectors(
    in context: OpaquePointer?
) throws -> (box: ContextBox, context: any VectorContext, VectorCapabilities) {
    let box = try context.box(ContextBox.self, "context")
    guard let context = box.vectors, let vectors = box.model.vectors else {
        throw PluginError(.unsupported, "the model has no vectors")
    }
    return (box, context, vectors.capabilities)
}

private func strings(
    _ pointer: UnsafePointer<roost_str>?, _ count: UInt32, _ name: StaticString
) throws -> [String] {
    guard let pointer, count > 0 else {
        throw PluginError(.argument, "\(name) is null or empty, expected at least one text")
    }
    return try UnsafeBufferPointer(start: pointer, count: Int(count)).map { try $0.string(name) }
}

private func tokens(
    _ token: UnsafePointer<Int32>?, _ offset: UnsafePointer<UInt32>?, _ count: UInt32, limit: Int
) throws -> [[Int32]] {
    guard let token, let offset, count > 0 else {
        throw PluginError(.argument, "token or offset is null or empty, expected at least one text")
    }
    return try (0..<Int(count)).map { index in
        let (start, end) = (offset[index], offset[index + 1])
        guard start < end, limit == 0 || end - start <= limit else {
            throw PluginError(
                .argument,
                "text \(index) has \(Int(end) - Int(start)) tokens, expected 1 to \(limit)")
        }
        let ids = Array(UnsafeBufferPointer(start: token + Int(start), count: Int(end - start)))
        if let negative = ids.first(where: { $0 < 0 }) {
            throw PluginError(.argument, "text \(index) has token \(negative), expected 0 or more")
        }
        return ids
    }
}

extension EmbedFlags {
    fileprivate init(checking flags: UInt32) throws {
        self.init(rawValue: flags)
        guard isSubset(of: [.query, .passage, .noNormalize]),
            !isSuperset(of: [.query, .passage])
        else {
            throw PluginError(.argument, "unknown or contradictory flags \(flags) of embed")
        }
    }
}
