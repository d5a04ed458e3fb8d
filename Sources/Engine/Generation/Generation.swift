import Grammar
import PluginHost

/// A request for text, as a job.
final class Generation: EngineJob, @unchecked Sendable {
    let request: GenerationRequest
    let events: JobChannel<GenerationEvent>
    let submitted: MonotonicTime
    var hasBegun = false
    /// Prompt and output, but for what has made room; the model's sequence holds the first of them.
    private(set) var tokens: [Int32]
    /// The longest output that context and request allow.
    let limit: Int
    /// Tokens that end the output, the model's own and the request's.
    let ends: Set<Int32>
    var sampler: Sampler
    /// How far the output has come in the grammar that it must follow.
    let constraint: GrammarCursor?
    var usage = Usage()
    /// The model's sequence, while running.
    var slot: Int?
    var suspicion = Suspicion()
    /// What guesses how the output goes on.
    var drafter = Drafter()
    private var output: OutputText
    /// Where it stands in a stretch of the output that is limited.
    var stretch: LimitedStretch?
    /// Prompt tokens whose log probabilities have been sent, if they are wanted.
    private var scored = 0
    /// Tokens of the output that are no longer among `tokens`, or of the prompt.
    private var shifted = 0
    private let contextLength: Int
    private let ownDeadline: MonotonicTime?

    init(
        _ request: GenerationRequest, events: JobChannel<GenerationEvent>, profile: TextProfile,
        deadline: Duration?, seed: UInt64
    ) {
        self.request = request
        self.events = events
        submitted = .now
        ownDeadline = deadline.map { [submitted] in submitted + $0 }
        tokens = request.prompt
        contextLength = profile.contextLength
        let room = profile.contextLength - request.prompt.count
        limit =
            request.overflow == .end
            ? min(room, request.maxTokens ?? room) : request.maxTokens ?? room
        ends = profile.endTokens.union(request.stopTokens)
        let forbidden = request.ignoreEOS ? Array(profile.endTokens) : []
        sampler = Sampler(
            request.sampling, forbidden: profile.unusedTokens + forbidden,
            vocabulary: profile.vocabulary, seed: seed)
        constraint = request.constraint?.begin()
        output = OutputText(
            profile.vocabulary, stop: StopMatcher(request.stop, includesStop: request.includesStop),
            beginsText: request.source != nil || request.echo,
            showsControl: request.showsControlTokens, marks: request.marks)
        stretch = request.stretch.map { LimitedStretch($0) }
        usage.promptTokens = request.inputCount
        usage.seed = sampler.seed
        for token in request.prompt { sampler.append(token, generated: false) }
    }

    var generated: Int { tokens.count + shifted - request.prompt.count }

    /// Whether the model's sequence no longer begins like the prompt.
    var hasShifted: Bool { shifted > 0 }

    /// How many tokens of a guess the context and the output have room for.
    var room: Int { min(contextLength - tokens.count, limit - generated) - 1 }

    /// Whether the output must end, as its grammar has it.
    var isComplete: Bool { constraint?.isFinal == true }

    var isCancelled: Bool { events.isCancelled }

    /// Whether its reader is too far behind for further tokens.
    var isPaused: Bool { generated > 0 && events.isFull }

    var deadline: MonotonicTime? {
        guard generated > 0, let stall = events.stall else { return ownDeadline }
        return min(stall, ownDeadline ?? stall)
    }

    func fail(_ error: any Error) {
        events.fail(error)
    }

    /// Whether the log probabilities of the prompt itself are wanted, which needs all its logits.
    var scoresPrompt: Bool { echoesScores || request.promptLogprobs != nil }

    private var echoesScores: Bool { request.echo && request.logprobs != nil }

    /// Whether the log probability of every sampled token is wanted.
    var scoresOutput: Bool { request.logprobs != nil || request.sumsLogprobs }

    /// Whether the logits after the token at `position` are needed.
    func wantsLogits(at position: Int) -> Bool {
        let next = position + 1
        return next == tokens.count
            || scoresPrompt && next >= scored && next < request.prompt.count
    }
}

// MARK: - Output

extension Generation {
    /// Adds a token that the sampler has chosen and knows of, and sends the text that it completes.
    ///
    /// - Parameter complete: as `GrammarCursor.append` returned it; nil without a grammar.
    /// - Returns: the stop string that ends the output.
    func append(_ token: Int32, _ info: TokenLogProb?, complete: [Bool]? = nil) -> String? {
        tokens.append(token)
        return send(output.append(token, info, complete: complete))
    }

    /// The tokens that must come next, as far as no choice is left and the output has room.
    ///
    /// None where log probabilities are wanted, which come from the model.
    ///
    /// - Parameter tokenize: the model's own way to write a text.
    func forcedTokens(_ tokenize: (String) -> [Int32]?) -> ArraySlice<Int32> {
        guard let constraint, !scoresOutput, generated < limit, stretch?.next == nil else {
            return []
        }
        let tokens = constraint.forcedTokens { bytes in
            String(validating: bytes, as: UTF8.self).flatMap(tokenize)
        }
        return tokens.prefix(limit - generated)
    }

    /// Tells sampler and grammar of a token that is written without being sampled.
    ///
    /// - Returns: as `GrammarCursor.append`.
    func force(_ token: Int32) -> [Bool]? {
        sampler.append(token, generated: true)
        stretch?.append(token)
        return constraint?.append(token)
    }

    /// Sends what is known of the prompt before the model has read it.
    ///
    /// - Parameter unscored: a token without its log probability.
    func sendPrompt(_ unscored: (Int32) -> TokenLogProb) {
        if scoresPrompt { send(score: unscored(tokens[0])) }
        guard request.echo, !echoesScores else { return }
        for token in request.prompt { send(output.echo(token, nil)) }
    }

    /// Sends the log probability of the prompt's next token.
    func send(score: TokenLogProb) {
        scored += 1
        var score = score
        if let count = request.promptLogprobs {
            score.top = Array(score.top.prefix(count))
            events.send(.prompt([score]))
        }
        guard echoesScores else { return }
        score.top = Array(score.top.prefix(request.logprobs ?? 0))
        send(output.echo(score.id, score))
    }

    /// Sends the log probability of a token that ends the output and is no part of it.
    func send(end: TokenLogProb) {
        send(output.end(end))
    }

    /// Sends what was held back, after the last token.
    ///
    /// - Returns: the stop string that ends the output.
    func sendRest() -> String? {
        send(output.finish())
    }

    @discardableResult
    private func send(_ piece: OutputText.Piece) -> String? {
        if !piece.isEmpty {
            events.send(.text(piece.text, tokens: piece.tokens), count: piece.count)
        }
        if let mark = piece.mark { events.send(.mark(mark)) }
        return piece.stop
    }
}

// MARK: - Overflow

extension Generation {
    /// Whether the context is full, and older tokens are to make room.
    var needsRoom: Bool {
        request.overflow != .end && tokens.count == contextLength && generated < limit
    }

    /// Drops half of the tokens behind those that are kept.
    ///
    /// - Returns: how many at the beginning stay.
    func makeRoom() -> Int {
        let (kept, dropped) = request.overflow.cut(tokens.count, to: contextLength, room: nil)
        tokens.removeSubrange(kept..<(kept + dropped))
        drafter.forget()
        shifted += dropped
        usage.droppedTokens += dropped
        return kept
    }
}

extension Overflow {
    /// What is cut out of `count` tokens so that `room` more find a place: nil is half of what is not
    /// kept, which is also the most that is left free.
    ///
    /// - Returns: how many tokens stay at the beginning, and how many behind them go.
    func cut(_ count: Int, to context: Int, room: Int?) -> (kept: Int, dropped: Int) {
        guard case .shift(let keep) = self else { return (count, 0) }
        // At least one token is kept at the end, and one position is free.
        let kept = min(max(keep, 0), max(context - 2, 0))
        let half = max(1, (context - kept) / 2)
        let free = max(1, min(room ?? half, half))
        return (kept, max(0, min(count - kept - 1, count - (context - free))))
    }
}

/// How a request is related to failures of the model.
struct Suspicion {
    /// Failures with this request in the batch since it last got past one.
    private(set) var failures = 0
    /// When the first of them began.
    private(set) var since: MonotonicTime?
    /// Those of them at tokens that the model had processed before, which suggest that the request
    /// is not to blame.
    private(set) var accidents = 0
    /// How many of the request's tokens a model has ever processed.
    private var proven = 0
    /// While set, the request runs alone, until the model holds this many of its tokens: it is then
    /// past the point of failure.
    private(set) var clearedAt: Int?

    /// - Parameter started: when the call began that failed.
    mutating func add(failureAt position: Int, since started: MonotonicTime) {
        since = since ?? started
        failures += 1
        accidents += position <= proven ? 1 : 0
        clearedAt = max(clearedAt ?? 0, position)
    }

    /// The model has processed the request's tokens up to `position`: if that is past the point of
    /// failure, the request is cleared.
    mutating func passed(_ position: Int) {
        proven = max(proven, position)
        guard let place = clearedAt, position >= place else { return }
        (failures, accidents, since, clearedAt) = (0, 0, nil, nil)
    }

    /// Whether it failed too often not to be the cause.
    func isGuilty(beyond retries: Int) -> Bool { failures - accidents > retries }
}
