import Dispatch
import Glibc
import Grammar
import PluginHost

/// Samples the rows of a step, on several threads if that is faster.
struct SamplingPool {
    /// A token of the output.
    struct Choice: Sendable {
        var token: Int32
        var info: TokenLogProb?
        /// As `GrammarCursor.append` returned it; nil without a grammar.
        var complete: [Bool]?
    }

    /// The outcome for one request's rows of logits.
    struct Outcome: Sendable {
        /// Log probabilities of prompt tokens.
        var scores: [TokenLogProb] = []
        /// The next tokens of the output: more than one where the model has read a guess.
        var choices: [Choice] = []
        /// The prompt is complete, and no output is wanted.
        var isPromptOnly = false
        /// The output must end here.
        var isComplete = false
    }

    /// Below this many logits, waking threads costs more than it saves.
    private static let worthSharing = 1 << 16
    private let profile: TextProfile
    private let workers: Int
    private let workspaces: [SamplingWorkspace]

    init(_ profile: TextProfile) {
        self.profile = profile
        workers = max(1, min(8, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        workspaces = (0..<workers).map { _ in SamplingWorkspace() }
    }

    func evaluate(
        _ parts: [StepPlan.Part], _ rows: FloatRows
    ) -> [Result<Outcome, EngineError>] {
        var outcomes = [Result<Outcome, EngineError>](
            repeating: .success(Outcome()), count: parts.count)
        let isShared = rows.count > 1 && rows.count * rows.width >= Self.worthSharing
        let share = isShared ? min(workers, parts.count) : 1
        outcomes.withUnsafeMutableBufferPointer { outcomes in
            // Each worker has a workspace, a set of parts and the places of their outcomes to itself.
            nonisolated(unsafe) let (outcomes, workspaces) = (outcomes, workspaces)
            DispatchQueue.concurrentPerform(iterations: share) { [profile] worker in
                for index in stride(from: worker, to: parts.count, by: share) {
                    outcomes[index] = profile.evaluate(parts[index], rows, workspaces[worker])
                }
            }
        }
        return outcomes
    }
}

extension TextProfile {
    fileprivate func evaluate(
        _ part: StepPlan.Part, _ rows: FloatRows, _ workspace: SamplingWorkspace
    ) -> Result<SamplingPool.Outcome, EngineError> {
        var outcome = SamplingPool.Outcome()
        let generation = part.generation
        do {
            for (offset, position) in part.wanted.enumerated() {
                let row = rows[part.firstRow + offset]
                if position + 1 < generation.tokens.count {
                    let next = generation.tokens[position + 1]
                    outcome.scores.append(
                        try score(of: next, row, generation.request, workspace))
                } else if generation.limit == 0 {
                    outcome.isPromptOnly = true
                } else {
                    try choose(from: row, for: generation, workspace, &outcome)
                    if outcome.isComplete || !part.holds(outcome.choices.map(\.token)) { break }
                }
            }
            return .success(outcome)
        } catch {
            return .failure(error)
        }
    }

    private func choose(
        from row: UnsafeBufferPointer<Float>, for generation: Generation,
        _ workspace: SamplingWorkspace, _ outcome: inout SamplingPool.Outcome
    ) throws(EngineError) {
        let logits = UnsafeBufferPointer(rebasing: row.prefix(tokenCount))
        let allowed = try generation.constraint?.allowed(ends: generation.ends)
        if generation.constraint != nil, allowed == nil, generation.stretch?.next == nil {
            outcome.isComplete = true
            return
        }
        let count = generation.generated + outcome.choices.count
        let isEarly = count < generation.request.minTokens
        let token =
            if let forced = generation.stretch?.next {
                forced
            } else {
                try generation.sampler.choose(
                    from: logits, except: isEarly ? generation.ends : [], allowing: allowed,
                    with: workspace)
            }
        generation.sampler.append(token, generated: true)
        generation.stretch?.append(token)
        let info =
            generation.scoresOutput
            ? try info(token, row, generation.request.logprobs ?? 0, workspace) : nil
        outcome.choices.append(
            SamplingPool.Choice(
                token: token, info: info, complete: generation.constraint?.append(token)))
    }

    /// The log probability of a token of the prompt, under the logits before it.
    private func score(
        of token: Int32, _ row: UnsafeBufferPointer<Float>, _ request: GenerationRequest,
        _ workspace: SamplingWorkspace
    ) throws(EngineError) -> TokenLogProb {
        let count = max(request.logprobs ?? 0, request.promptLogprobs ?? 0)
        var score = try info(token, row, count, workspace)
        if request.promptLogprobs != nil {
            score.rank = row.prefix(tokenCount).count { $0 >= row[Int(token)] }
        }
        return score
    }

    /// Uses a copy of the row: a late write by a plugin must not pass unchecked.
    private func info(
        _ token: Int32, _ row: UnsafeBufferPointer<Float>, _ count: Int,
        _ workspace: SamplingWorkspace
    ) throws(EngineError) -> TokenLogProb {
        let probabilities = try LogProbabilities(UnsafeBufferPointer(workspace.copy(row)))
        var info = unscored(token)
        info.logprob = probabilities[token]
        info.top = probabilities.top(min(count, tokenCount), below: tokenCount).map {
            TokenLogProb.Alternative(
                id: $0, bytes: Array(vocabulary.piece($0)), logprob: probabilities[$0])
        }
        return info
    }

    /// A token without its log probability.
    func unscored(_ token: Int32) -> TokenLogProb {
        TokenLogProb(id: token, bytes: Array(vocabulary.piece(token)), logprob: nil, top: [])
    }
}

extension StepPlan.Part {
    /// Whether the tokens chosen so far are what was guessed, so that the next row follows them.
    fileprivate func holds(_ choices: [Int32]) -> Bool {
        choices.count <= guess.count && choices[choices.count - 1] == guess[choices.count - 1]
            && !generation.ends.contains(choices[choices.count - 1])
    }
}

/// Log probabilities of tokens under the model's own distribution: the log-softmax of the raw logits.
struct LogProbabilities {
    private let logits: UnsafeBufferPointer<Float>
    private let logOfSum: Double

    ///     log p(i) = l(i) - (max + ln Σ exp(l(j) - max))
    init(_ logits: UnsafeBufferPointer<Float>) throws(EngineError) {
        guard let largest = VectorMath.maximum(logits), largest > -.infinity else {
            throw .invalidLogits("a logit that is NaN or infinite")
        }
        self.logits = logits
        logOfSum = Double(largest) + log(VectorMath.sumOfExponentials(logits, largest: largest))
    }

    subscript(token: Int32) -> Float {
        Float(Double(logits[Int(token)]) - logOfSum)
    }

    /// The `count` likeliest of the tokens below `limit`, best first; of equals the lower ids.
    func top(_ count: Int, below limit: Int) -> [Int32] {
        guard count > 0 else { return [] }
        var best: [Int32] = []
        for index in 0..<limit {
            let isFull = best.count == count
            if isFull, logits[index] <= logits[Int(best[count - 1])] { continue }
            if isFull { best.removeLast() }
            let place = best.firstIndex { logits[Int($0)] < logits[index] } ?? best.count
            best.insert(Int32(index), at: place)
        }
        return best
    }
}
