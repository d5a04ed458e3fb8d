extension WorkerModel {
    func embeddingTokens(of texts: [String], flags: EmbedFlags) throws -> [[Int32]] {
        guard let capabilities = description.vectors, capabilities.tokenizes else {
            throw ModelFailure.unsupported("the model does not say what its tokens are")
        }
        try Frame.check(texts: texts)
        let call = EmbedTokenizeCall(texts: texts, flags: flags)
        let answer = try control.call(
            .embedTokenize, call.payload, step: .embedTokenize, limit: limits.tokenize,
            largest: texts.reduce(4) { $0 + tokenLimit(of: $1) + 4 })
        let ids = try decoding(.embedTokenize) { () -> [[Int32]] in
            var reader = WireReader(answer)
            let ids = try reader.readLists(of: Int32.self)
            try reader.finish()
            return ids
        }
        try check(ids.count, texts.count, .embedTokenize)
        for ids in ids { try capabilities.check(answer: ids, step: .embedTokenize) }
        return ids
    }

    func embed(
        _ batch: EmbeddingBatch, flags: EmbedFlags, deadline: Duration?
    ) throws -> FloatRows {
        let capabilities = try vectors
        try capabilities.check(batch)
        let call = EmbedCall(batch: batch, flags: flags, deadline: deadline.map { .now + $0 })
        _ = try laneCall(.embed, call.payload, step: .embed, limit: deadline)
        return rows(batch.count, width: capabilities.dimensions)
    }

    func scores(query: String, documents: [String], deadline: Duration?) throws -> [Float] {
        try vectors.check(query: query, documents: documents)
        let call = TextsCall(
            query: query, texts: documents, deadline: deadline.map { .now + $0 })
        let answer = try laneCall(
            .scorePairs, call.payload, step: .scorePairs, limit: deadline,
            largest: 4 + 4 * documents.count)
        let scores = try decoding(.scorePairs) { () -> [Float] in
            var reader = WireReader(answer)
            let scores = try reader.readArray(of: UInt32.self).map(Float.init(bitPattern:))
            try reader.finish()
            return scores
        }
        try check(scores.count, documents.count, .scorePairs)
        return scores
    }

    func countTokens(
        of texts: [String], with companions: Companions, flags: EmbedFlags
    ) throws -> [TokenCount] {
        let capabilities = try vectors
        try capabilities.check(counting: texts, with: companions)
        let call = CountTokensCall(texts: texts, companions: companions, flags: flags)
        let answer = try control.call(
            .countTokens, call.payload, step: .countTokens, limit: limits.tokenize)
        let counts = try decoding(.countTokens) { try [TokenCount](payload: answer) }
        try check(counts.count, texts.count, .countTokens)
        for count in counts { try capabilities.check(answer: count) }
        return counts
    }

    func classify(_ texts: [String], pairs: [String]?, deadline: Duration?) throws -> FloatRows {
        let capabilities = try vectors
        try capabilities.check(classifying: texts, pairs: pairs)
        let call = TextsCall(texts: texts, pairs: pairs, deadline: deadline.map { .now + $0 })
        let step: CallStep = pairs == nil ? .classify : .classifyPairs
        _ = try laneCall(.classify, call.payload, step: step, limit: deadline)
        return rows(texts.count, width: capabilities.labels.count)
    }

    private var vectors: VectorCapabilities {
        get throws {
            guard let capabilities = description.vectors else {
                throw ModelFailure.unsupported("the model has no vectors")
            }
            return capabilities
        }
    }

    private func check(_ found: Int, _ expected: Int, _ step: CallStep) throws {
        guard found == expected else {
            throw ModelFailure.broken(
                step: step.name, reason: "\(found) answers to \(expected) texts")
        }
    }
}

// MARK: - Tasks

extension WorkerModel {
    func beginTask(_ name: String, input: [UInt8], deadline: Duration?) throws -> TaskID {
        guard input.count <= Frame.payloadLimit / 2 else {
            throw ModelFailure.argument(
                "\(input.count) bytes of input, expected at most \(Frame.payloadLimit / 2)")
        }
        let call = BeginTaskCall(
            name: name, input: input, deadline: deadline.map { .now + $0 })
        let answer = try laneCall(.beginTask, call.payload, step: .beginTask, limit: deadline)
        let number = try decoding(.beginTask) { try Number(answer).value }
        return TaskID(rawValue: UInt32(truncatingIfNeeded: number))
    }

    func advanceTask(
        _ id: TaskID, for limit: Duration, deadline: Duration?
    ) throws -> TaskProgress {
        let call = AdvanceTaskCall(id: id, limit: limit, deadline: deadline.map { .now + $0 })
        let answer = try laneCall(
            .advanceTask, call.payload, step: .advanceTask, limit: deadline,
            largest: TaskProgress.largestPayload)
        return try decoding(.advanceTask) { try TaskProgress(answer) }
    }

    func endTask(_ id: TaskID) throws {
        let number = Number(Int(id.rawValue))
        _ = try laneCall(.endTask, number.payload, step: .endTask, limit: limits.sequence)
    }
}
