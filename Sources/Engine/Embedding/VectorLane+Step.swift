import JSON
import PluginHost

/// One call of the model for texts, and whose they are.
struct TextStep {
    struct Part {
        let job: TextJob
        var piece: TextJob.Piece
    }

    let kind: TextJob.Kind
    var parts: [Part]

    var tokens: Int { parts.reduce(0) { $0 + $1.piece.tokens } }

    /// Each of them once.
    var jobs: [TextJob] {
        parts.reduce(into: []) { jobs, part in
            if !jobs.contains(where: { $0 === part.job }) { jobs.append(part.job) }
        }
    }
}

extension VectorLane {
    /// Computes as many texts as make a step, of one job and of those that fit in beside it.
    func step(_ job: TextJob, on model: any LoadedModel) {
        var step = TextStep(kind: job.kind, parts: [])
        fill(&step, for: job)
        guard !step.parts.isEmpty else { return }
        let started = MonotonicTime.now
        do {
            try count(&step, with: model)
            trim(&step, for: job)
            pass(over: step.jobs)
            inbox.begin(VectorInbox.Call(model: model, jobs: step.jobs))
            let answers = Result { try call(step, model) }
            inbox.endCall(tokens: step.tokens, in: .now - started) { $0.steps += 1 }
            deliver(try answers.get(), to: step)
        } catch {
            recover(from: ModelFailure(error), in: step, since: started, on: model)
        }
    }

    // MARK: - Filling

    private func fill(_ step: inout TextStep, for job: TextJob) {
        let rows = facts.rows
        let isSuspected = !job.suspects.isEmpty
        take(from: job, tokens: options.tokenBudget, rows: rows, into: &step)
        guard !isSuspected else { return }
        // Only what fits whole: a short job does not wait for a slice of a long one.
        let others = jobs.compactMap { $0 as? TextJob }
            .filter { $0 !== job && $0.kind == job.kind && !$0.isDone }
            .sorted { $0.remaining < $1.remaining }
        for other in others {
            let left = options.tokenBudget - step.tokens
            guard other.fits(tokens: left, rows: rows - step.parts.count) else { return }
            take(from: other, tokens: left, rows: rows, into: &step)
        }
    }

    /// Takes texts that nobody else has had computed since they came.
    private func take(from job: TextJob, tokens: Int, rows: Int, into step: inout TextStep) {
        for piece in job.take(tokens: tokens, rows: rows) {
            if case .embed(let flags) = job.kind,
                let known = cache.answer(for: .init(flags: flags, input: piece.input))
            {
                job.answer(piece, with: known)
            } else {
                step.parts.append(TextStep.Part(job: job, piece: piece))
            }
        }
        finish(job)
    }

    /// Learns how many tokens the texts have, and which, where the model says so.
    private func count(_ step: inout TextStep, with model: any LoadedModel) throws {
        let unknown = step.parts.indices.filter { !step.parts[$0].piece.isCounted }
        guard !unknown.isEmpty else { return }
        switch step.kind {
        case .embed(let flags):
            guard facts.capabilities.tokenizes else { return }
            try tokenize(unknown, of: &step, flags.subtracting(.noNormalize), with: model)
        case .score(let query):
            let companions = Companions.query(query.text)
            if try count(unknown, of: &step, companions, with: model) { return }
            guard facts.capabilities.tokenizes else { return }
            // A pair has one special token less than its texts have apart.
            let own = try model.embeddingTokens(of: query.text, flags: []).count - 1
            try tokenize(unknown, of: &step, with: model, beside: own)
        case .classify(let hasPairs):
            let pairs = unknown.compactMap { step.parts[$0].piece.pair }
            let companions = hasPairs ? Companions.pairs(pairs) : .none
            if try count(unknown, of: &step, companions, with: model) { return }
            guard facts.capabilities.tokenizes, !hasPairs else { return }
            try tokenize(unknown, of: &step, with: model)
        }
    }

    /// Learns the ids of texts. One with fewer than the model reads is whole; whether another one is cut
    /// takes a second look.
    private func tokenize(
        _ places: [Int], of step: inout TextStep, _ flags: EmbedFlags = [],
        with model: any LoadedModel, beside query: Int? = nil
    ) throws {
        let texts = places.map { step.parts[$0].piece.input.text }
        let found = try model.embeddingTokens(of: texts, flags: flags)
        var long: [Int] = []
        for (place, ids) in zip(places, found) {
            let count = facts.cut(ids.count + (query ?? 0))
            let isWhole = facts.capabilities.maxTokens == 0 || count < facts.capabilities.maxTokens
            step.parts[place].job.count(
                &step.parts[place].piece, as: max(1, count), isCut: isWhole ? false : nil)
            step.parts[place].piece.ids = ids
            if !isWhole { long.append(place) }
        }
        guard query == nil, facts.capabilities.countsTokens, !long.isEmpty else { return }
        let counts = try model.countTokens(
            of: long.map { step.parts[$0].piece.input.text }, with: .none, flags: flags)
        for (place, count) in zip(long, counts) {
            step.parts[place].piece.isCut = count.whole > count.read
        }
    }

    /// Learns the number of tokens alone.
    ///
    /// - Returns: false where the model does not tell.
    private func count(
        _ places: [Int], of step: inout TextStep, _ companions: Companions,
        with model: any LoadedModel
    ) throws -> Bool {
        guard facts.capabilities.countsTokens else { return false }
        let texts = places.map { step.parts[$0].piece.input.text }
        let counts = try model.countTokens(of: texts, with: companions, flags: [])
        for (place, count) in zip(places, counts) {
            step.parts[place].job.count(
                &step.parts[place].piece, as: max(1, count.read), isCut: count.whole > count.read)
        }
        return true
    }

    /// Puts back what is too much now that the tokens are known, and sorts the rest by their number, so
    /// that neighbours need little padding where a plugin pads.
    private func trim(_ step: inout TextStep, for job: TextJob) {
        var (kept, back): ([TextStep.Part], [TextStep.Part]) = ([], [])
        var used = 0
        let byTokens = step.parts.sorted {
            ($0.job === job ? 0 : 1, $0.piece.tokens) < ($1.job === job ? 0 : 1, $1.piece.tokens)
        }
        for part in byTokens {
            let fits = used + part.piece.tokens <= options.tokenBudget
            let isAlike = kept.first.map { $0.piece.hasTokens == part.piece.hasTokens } ?? true
            if kept.isEmpty || fits && isAlike {
                used += part.piece.tokens
                kept.append(part)
            } else {
                back.append(part)
            }
        }
        for part in back.reversed() { part.job.putBack(part.piece) }
        step.parts = kept.sorted { $0.piece.tokens < $1.piece.tokens }
    }

    // MARK: - Calling

    /// - Returns: for each part its embedding, score or logits.
    private func call(_ step: TextStep, _ model: any LoadedModel) throws -> [[Float]] {
        let deadline = options.stepDeadline
        let texts = step.parts.map(\.piece.input.text)
        switch step.kind {
        case .embed(let embedFlags):
            let ids = step.parts.compactMap(\.piece.tokenIDs)
            let batch =
                facts.capabilities.embedsTokens && ids.count == step.parts.count
                ? EmbeddingBatch.tokens(ids) : .texts(texts)
            let rows = try model.embed(batch, flags: embedFlags, deadline: deadline)
            return try rows.copies(count: step.parts.count, width: facts.capabilities.dimensions)
        case .score(let query):
            let scores = try model.scores(
                query: query.text, documents: texts, deadline: deadline)
            return scores.map { [$0] }
        case .classify(let hasPairs):
            let pairs = hasPairs ? step.parts.map { $0.piece.pair ?? "" } : nil
            let rows = try model.classify(texts, pairs: pairs, deadline: deadline)
            return try rows.copies(count: texts.count, width: facts.capabilities.labels.count)
        }
    }

    private func deliver(_ answers: [[Float]], to step: TextStep) {
        inbox.record {
            $0.texts += step.parts.count
            $0.tokens += step.tokens
        }
        for (part, values) in zip(step.parts, answers) {
            guard values.allSatisfy(\.isFinite) else {
                part.job.answer(
                    part.piece, with: .init(values: [], reading: part.piece.reading))
                if jobs.contains(where: { $0 === part.job }) {
                    end(part.job, .invalidLogits("a vector that is not finite"))
                }
                continue
            }
            let answer = TextJob.Answer(values: values, reading: part.piece.reading)
            if case .embed(let flags) = step.kind {
                cache.insert(answer, for: .init(flags: flags, input: part.piece.input))
            }
            part.job.answer(part.piece, with: answer)
        }
        for job in step.jobs { finish(job) }
    }

    private func finish(_ job: TextJob) {
        guard job.isDone, jobs.contains(where: { $0 === job }) else { return }
        inbox.leave(job) { $0.finished += 1 }
        job.finish()
        remove(job)
    }
}

extension TextJob.Piece {
    /// The ids to embed; nil where the text is embedded, as also one without any token must be.
    var tokenIDs: [Int32]? {
        if case .tokens(let ids) = input { return ids }
        return ids.flatMap { $0.isEmpty ? nil : $0 }
    }

    var hasTokens: Bool { tokenIDs != nil }

    var reading: TextReading { TextReading(tokens: tokens, isCut: isCut) }
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
