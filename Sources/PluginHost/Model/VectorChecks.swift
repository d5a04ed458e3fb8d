extension VectorCapabilities {
    /// - Throws: `.broken` for impossible numbers.
    func check() throws {
        try ModelFailure.check("dim", dimensions, 0...1 << 20)
        try ModelFailure.check("n_labels", labels.count, 0...1 << 16)
        try ModelFailure.check("max_tokens", maxTokens, 0...1 << 30)
    }

    /// Refuses what the model cannot embed.
    func check(_ batch: EmbeddingBatch) throws {
        guard embeds else { throw ModelFailure.unsupported("the model has no embeddings") }
        try check(count: batch.count)
        switch batch {
        case .texts(let texts): try Frame.check(texts: texts)
        case .tokens(let texts):
            guard embedsTokens else {
                throw ModelFailure.unsupported("the model embeds texts only")
            }
            for ids in texts { try check(ids) }
        }
    }

    private func check(_ ids: [Int32]) throws {
        let most = maxTokens > 0 ? maxTokens : 1 << 24
        guard (1...most).contains(ids.count) else {
            throw ModelFailure.argument("a text of \(ids.count) tokens, expected 1 to \(most)")
        }
        if let wrong = ids.first(where: { $0 < 0 }) {
            throw ModelFailure.argument("token \(wrong), expected 0 or more")
        }
    }

    /// Refuses what the model cannot classify.
    func check(classifying texts: [String], pairs: [String]?) throws {
        guard classifies else { throw ModelFailure.unsupported("the model has no labels") }
        try check(count: texts.count)
        try Frame.check(texts: texts + (pairs ?? []))
        guard let pairs else { return }
        guard classifiesPairs else {
            throw ModelFailure.unsupported("the model has no labels for pairs")
        }
        try check(pairs, of: texts)
    }

    private func check(_ pairs: [String], of texts: [String]) throws {
        guard pairs.count == texts.count else {
            throw ModelFailure.argument(
                "\(pairs.count) texts beside \(texts.count), expected as many")
        }
    }

    /// Refuses what the model cannot count.
    func check(counting texts: [String], with companions: Companions) throws {
        guard countsTokens else {
            throw ModelFailure.unsupported("the model does not count tokens")
        }
        switch companions {
        case .none: try Frame.check(texts: texts)
        case .query(let query): try Frame.check(texts: texts + [query])
        case .pairs(let pairs):
            try check(pairs, of: texts)
            try Frame.check(texts: texts + pairs)
        }
    }

    /// Refuses what the model cannot score.
    func check(query: String, documents: [String]) throws {
        guard scoresPairs else { throw ModelFailure.unsupported("the model scores no pairs") }
        try check(count: documents.count)
        try Frame.check(texts: documents + [query])
    }

    private func check(count: Int) throws {
        guard (1...embeddingRows).contains(count) else {
            throw ModelFailure.argument("\(count) texts in a call, expected 1 to \(embeddingRows)")
        }
    }

    /// What a plugin says are the tokens of a text.
    func check(answer count: TokenCount) throws {
        let most = maxTokens > 0 ? maxTokens : 1 << 30
        guard count.read <= min(count.whole, most) else {
            throw ModelFailure.broken(
                step: CallStep.countTokens.name,
                reason: "\(count.read) tokens read of \(count.whole), expected \(most) at most")
        }
    }

    /// What a plugin says are the ids of a text.
    func check(answer ids: [Int32], step: CallStep) throws {
        guard maxTokens == 0 || ids.count <= maxTokens else {
            throw ModelFailure.broken(
                step: step.name,
                reason: "\(ids.count) tokens of a text, expected \(maxTokens) at most")
        }
        if let wrong = ids.first(where: { $0 < 0 }) {
            throw ModelFailure.broken(
                step: step.name, reason: "token id \(wrong), expected 0 or more")
        }
    }
}
