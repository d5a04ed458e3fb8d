import PluginABI

extension ModelInstance {
    func embeddingTokens(
        of text: String, flags: EmbedFlags, trace: CallTrace
    ) throws -> [Int32] {
        guard let tokenize = vectors?.embed_tokenize else { throw noVectors }
        let step = CallStep.embedTokenize
        let bytes = try OutputSink.collect(step, limit: tokenLimit(of: text)) { sink in
            try text.withPluginString { text in
                try callPlugin(step, trace: trace) {
                    tokenize(model, text, flags.rawValue, sink, $0)
                }
            }
        }
        return try tokenIDs(bytes, step: step)
    }

    /// - Parameter out: has room for a row per text.
    func embed(
        _ batch: EmbeddingBatch, flags: EmbedFlags, into out: RowBuffer, _ call: LaneCall
    ) throws {
        switch batch {
        case .texts(let texts):
            guard let embed = vectors?.embed else { throw noVectors }
            try fill(out, .embed, call) { rows, call in
                texts.withPluginStrings { texts in
                    embed(context, texts, rows.pointee.n_rows, flags.rawValue, rows, call)
                }
            }
        case .tokens(let texts):
            guard let embed = vectors?.embed_tokens else { throw noVectors }
            let tokens = Array(texts.joined())
            let offsets = texts.reduce(into: [UInt32(0)]) {
                $0.append($0[$0.count - 1] + UInt32($1.count))
            }
            try fill(out, .embedTokens, call) { rows, call in
                embed(
                    context, tokens, offsets, rows.pointee.n_rows, flags.rawValue, rows, call)
            }
        }
    }

    func countTokens(
        of texts: [String], with companions: Companions, flags: EmbedFlags, trace: CallTrace
    ) throws -> [TokenCount] {
        try texts.enumerated().map { index, text in
            switch companions {
            case .none: try countTokens(of: text, pair: nil, flags, trace)
            case .query(let query): try countTokens(of: query, pair: text, flags, trace)
            case .pairs(let pairs): try countTokens(of: text, pair: pairs[index], flags, trace)
            }
        }
    }

    private func countTokens(
        of text: String, pair: String?, _ flags: EmbedFlags, _ trace: CallTrace
    ) throws -> TokenCount {
        guard let count = vectors?.count_tokens else { throw noVectors }
        var (read, whole) = (UInt32(0), UInt32(0))
        try text.withPluginString { text in
            try (pair.map { [$0] } ?? []).withPluginStrings { pairs in
                try callPlugin(.countTokens, trace: trace) {
                    count(
                        model, text, pair == nil ? nil : pairs, flags.rawValue, &read, &whole, $0)
                }
            }
        }
        return TokenCount(whole: Int(whole), read: Int(read))
    }

    func classify(
        _ texts: [String], pairs: [String]?, into out: RowBuffer, _ call: LaneCall
    ) throws {
        if let pairs {
            guard let classify = vectors?.classify_pairs else { throw noVectors }
            return try fill(out, .classifyPairs, call) { rows, call in
                texts.withPluginStrings { texts in
                    pairs.withPluginStrings { pairs in
                        classify(context, texts, pairs, rows.pointee.n_rows, rows, call)
                    }
                }
            }
        }
        guard let classify = vectors?.classify else { throw noVectors }
        try fill(out, .classify, call) { rows, call in
            texts.withPluginStrings { classify(context, $0, rows.pointee.n_rows, rows, call) }
        }
    }

    func scores(query: String, documents: [String], _ call: LaneCall) throws -> [Float] {
        guard let score = vectors?.score_pairs else { throw noVectors }
        var scores = [Float](repeating: .nan, count: documents.count)
        try query.withPluginString { query in
            try documents.withPluginStrings { documents in
                try callPlugin(
                    .scorePairs, trace: call.trace, cancel: call.cancel, deadline: call.deadline
                ) {
                    score(context, query, documents, UInt32(scores.count), &scores, $0)
                }
            }
        }
        return scores
    }

    /// Makes a call that writes `count` rows.
    private func fill(
        _ out: RowBuffer, _ step: CallStep, _ call: LaneCall,
        _ body: (UnsafeMutablePointer<roost_rows>, UnsafePointer<roost_call>) -> roost_status
    ) throws {
        out.clear()
        var rows = roost_rows(
            struct_size: UInt32(MemoryLayout<roost_rows>.size), n_rows: UInt32(out.count),
            data: out.base, row_stride: UInt64(out.stride))
        try callPlugin(step, trace: call.trace, cancel: call.cancel, deadline: call.deadline) {
            body(&rows, $0)
        }
        guard rows.n_rows == UInt32(out.count), rows.data == out.base else {
            throw ModelFailure.broken(
                step: step.name,
                reason: "\(rows.n_rows) rows, expected \(out.count) in the host's buffer")
        }
    }

    private var noVectors: ModelFailure { .unsupported("the model has no vectors") }
}

extension [String] {
    /// Lends the strings to a plugin for the duration of `body`.
    fileprivate func withPluginStrings<Result>(
        _ body: (UnsafePointer<roost_str>?) throws -> Result
    ) rethrows -> Result {
        var bytes: [CChar] = []
        bytes.reserveCapacity(reduce(0) { $0 + $1.utf8.count })
        for text in self { bytes.append(contentsOf: text.utf8.lazy.map(CChar.init(bitPattern:))) }
        return try bytes.withUnsafeBufferPointer { bytes in
            var next = bytes.baseAddress
            let strings = map { text in
                defer { next = next.map { $0 + text.utf8.count } }
                return roost_str(ptr: next, len: UInt64(text.utf8.count))
            }
            return try strings.withUnsafeBufferPointer { try body($0.baseAddress) }
        }
    }
}
