import JSON
import PluginHost

/// One call of the model for texts, and the jobs that own them.
struct EmbeddingStep {
    struct Part {
        let job: EmbeddingJob
        var piece: EmbeddingJob.Piece
    }

    let kind: EmbeddingJob.Kind
    let profile: VectorProfile
    var parts: [Part] = []

    init(_ kind: EmbeddingJob.Kind, _ profile: VectorProfile) {
        self.kind = kind
        self.profile = profile
    }

    var tokens: Int { parts.reduce(0) { $0 + $1.piece.tokens } }

    /// Each of them once.
    var jobs: [EmbeddingJob] {
        parts.reduce(into: []) { jobs, part in
            if !jobs.contains(where: { $0 === part.job }) { jobs.append(part.job) }
        }
    }
}

// MARK: - Counting

extension EmbeddingStep {
    /// Finds out how many tokens the texts have, and which, if the model tells.
    mutating func count(with model: any LoadedModel) throws {
        let unknown = parts.indices.filter { !parts[$0].piece.isCounted }
        guard !unknown.isEmpty else { return }
        switch kind {
        case .embed(let flags):
            guard profile.capabilities.tokenizes else { return }
            try tokenize(unknown, flags.subtracting(.noNormalize), with: model)
        case .score(let query):
            let companions = Companions.query(query.text)
            if try count(unknown, companions, with: model) { return }
            guard profile.capabilities.tokenizes else { return }
            // A pair has one special token fewer than its two texts separately.
            let own = try model.embeddingTokens(of: query.text, flags: []).count - 1
            try tokenize(unknown, with: model, beside: own)
        case .classify(let hasPairs):
            let pairs = unknown.compactMap { parts[$0].piece.pair }
            let companions = hasPairs ? Companions.pairs(pairs) : .none
            if try count(unknown, companions, with: model) { return }
            guard profile.capabilities.tokenizes, !hasPairs else { return }
            try tokenize(unknown, with: model)
        }
    }

    /// Finds out the ids of texts. A text with fewer than the model reads is whole; for others,
    /// whether they are cut must be asked separately.
    private mutating func tokenize(
        _ places: [Int], _ flags: EmbedFlags = [],
        with model: any LoadedModel, beside query: Int? = nil
    ) throws {
        let texts = places.map { parts[$0].piece.input.text }
        let found = try model.embeddingTokens(of: texts, flags: flags)
        var long: [Int] = []
        for (place, ids) in zip(places, found) {
            let count = profile.cut(ids.count + (query ?? 0))
            let isWhole =
                profile.capabilities.maxTokens == 0 || count < profile.capabilities.maxTokens
            parts[place].job.count(
                &parts[place].piece, as: max(1, count), isCut: isWhole ? false : nil)
            parts[place].piece.ids = ids
            if !isWhole { long.append(place) }
        }
        guard query == nil, profile.capabilities.countsTokens, !long.isEmpty else { return }
        let counts = try model.countTokens(
            of: long.map { parts[$0].piece.input.text }, with: .none, flags: flags)
        for (place, count) in zip(long, counts) {
            parts[place].piece.isCut = count.whole > count.read
        }
    }

    /// Finds out only the number of tokens.
    ///
    /// - Returns: false if the model does not tell.
    private mutating func count(
        _ places: [Int], _ companions: Companions, with model: any LoadedModel
    ) throws -> Bool {
        guard profile.capabilities.countsTokens else { return false }
        let texts = places.map { parts[$0].piece.input.text }
        let counts = try model.countTokens(of: texts, with: companions, flags: [])
        for (place, count) in zip(places, counts) {
            parts[place].job.count(
                &parts[place].piece, as: max(1, count.read), isCut: count.whole > count.read)
        }
        return true
    }
}

// MARK: - Calling

extension EmbeddingStep {
    /// Puts back what no longer fits now that the tokens are known, and sorts the rest by length,
    /// so that neighbours need little padding if a plugin pads.
    mutating func trim(to budget: Int, for job: EmbeddingJob) {
        var (kept, back): ([Part], [Part]) = ([], [])
        var used = 0
        let byTokens = parts.sorted {
            ($0.job === job ? 0 : 1, $0.piece.tokens) < ($1.job === job ? 0 : 1, $1.piece.tokens)
        }
        for part in byTokens {
            let fits = used + part.piece.tokens <= budget
            let hasIDs = part.piece.tokenIDs != nil
            let isAlike = kept.first.map { ($0.piece.tokenIDs != nil) == hasIDs } ?? true
            if kept.isEmpty || fits && isAlike {
                used += part.piece.tokens
                kept.append(part)
            } else {
                back.append(part)
            }
        }
        for part in back.reversed() { part.job.putBack(part.piece) }
        parts = kept.sorted { $0.piece.tokens < $1.piece.tokens }
    }

    /// - Returns: for each part its embedding, score or logits.
    func call(_ model: any LoadedModel, deadline: Duration) throws -> [[Float]] {
        let texts = parts.map(\.piece.input.text)
        switch kind {
        case .embed(let embedFlags):
            let ids = parts.compactMap(\.piece.tokenIDs)
            let batch =
                profile.capabilities.embedsTokens && ids.count == parts.count
                ? EmbeddingBatch.tokens(ids) : .texts(texts)
            let rows = try model.embed(batch, flags: embedFlags, deadline: deadline)
            return try rows.copies(count: parts.count, width: profile.capabilities.dimensions)
        case .score(let query):
            let scores = try model.scores(
                query: query.text, documents: texts, deadline: deadline)
            return scores.map { [$0] }
        case .classify(let hasPairs):
            let pairs = hasPairs ? parts.map { $0.piece.pair ?? "" } : nil
            let rows = try model.classify(texts, pairs: pairs, deadline: deadline)
            return try rows.copies(count: texts.count, width: profile.capabilities.labels.count)
        }
    }
}

extension EmbeddingInput {
    /// Empty for ids.
    fileprivate var text: String {
        if case .text(let text) = self { text } else { "" }
    }
}

extension FloatRows {
    /// The rows as arrays.
    fileprivate func copies(count: Int, width: Int) throws -> [[Float]] {
        guard self.count == count, self.width == width else {
            throw ModelFailure.broken(
                step: "embed",
                reason: "\(self.count) rows of \(self.width) floats, expected \(count) of \(width)")
        }
        return (0..<count).map { Array(self[$0]) }
    }
}
