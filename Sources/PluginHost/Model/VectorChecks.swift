extension VectorCapabilities {
    /// - Throws: `.broken` for numbers that no model has.
    func check() throws {
        try check("dim", dimensions, 0...1 << 20)
        try check("n_labels", labels.count, 0...1 << 16)
        try check("max_tokens", maxTokens, 0...1 << 30)
    }

    private func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ModelFailure.broken(
                step: CallStep.describe.name,
                reason: "\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// Refuses what the model cannot embed.
    func check(_ batch: EmbeddingBatch) throws {
        guard embeds else { throw unsupported("the model has no embeddings") }
        try check(count: batch.count)
        switch batch {
        case .texts(let texts): try Self.check(size: texts)
        case .tokens(let texts):
            guard embedsTokens else { throw unsupported("the model embeds texts only") }
            for ids in texts { try check(ids) }
        }
    }

    private func check(_ ids: [Int32]) throws {
        let most = maxTokens > 0 ? maxTokens : 1 << 24
        guard (1...most).contains(ids.count) else {
            throw argument("a text of \(ids.count) tokens, expected 1 to \(most)")
        }
        if let wrong = ids.first(where: { $0 < 0 }) {
            throw argument("token \(wrong), expected 0 or more")
        }
    }

    /// Refuses what the model cannot classify.
    func check(classifying texts: [String], pairs: [String]?) throws {
        guard classifies else { throw unsupported("the model has no labels") }
        try check(count: texts.count)
        try Self.check(size: texts + (pairs ?? []))
        guard let pairs else { return }
        guard classifiesPairs else { throw unsupported("the model has no labels for pairs") }
        try check(pairs, of: texts)
    }

    private func check(_ pairs: [String], of texts: [String]) throws {
        guard pairs.count == texts.count else {
            throw argument("\(pairs.count) texts beside \(texts.count), expected as many")
        }
    }

    /// Refuses what the model cannot count.
    func check(counting texts: [String], with companions: Companions) throws {
        guard countsTokens else { throw unsupported("the model does not count tokens") }
        switch companions {
        case .none: try Self.check(size: texts)
        case .query(let query): try Self.check(size: texts + [query])
        case .pairs(let pairs):
            try check(pairs, of: texts)
            try Self.check(size: texts + pairs)
        }
    }

    /// Refuses what the model cannot score.
    func check(query: String, documents: [String]) throws {
        guard scoresPairs else { throw unsupported("the model scores no pairs") }
        try check(count: documents.count)
        try Self.check(size: documents + [query])
    }

    private func check(count: Int) throws {
        guard (1...embeddingRows).contains(count) else {
            throw argument("\(count) texts in a call, expected 1 to \(embeddingRows)")
        }
    }

    /// A message to a worker has a limit.
    static func check(size texts: [String]) throws {
        let bytes = texts.reduce(0) { $0 + $1.utf8.count }
        guard bytes <= Frame.payloadLimit / 2 else {
            throw argument(
                "\(bytes) bytes of text in a call, expected at most \(Frame.payloadLimit / 2)")
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

func argument(_ message: String) -> ModelFailure {
    .refused(code: .argument, flags: [], message: message)
}

func unsupported(_ message: String) -> ModelFailure {
    .refused(code: .unsupported, flags: [], message: message)
}
