import JSON
import PluginHost

/// The texts of one request to embed, score or label.
final class EmbeddingJob: VectorJob, @unchecked Sendable {
    /// What the model does with the texts; jobs of the same kind share a step.
    enum Kind: Hashable {
        case embed(EmbedFlags)
        /// The texts are documents.
        case score(query: ExactString)
        case classify(pairs: Bool)
    }

    /// A text, or a pair of texts, and its position in the answer: equal texts are computed once.
    struct Piece {
        let input: EmbeddingInput
        let pair: String?
        var places: [Int]
        /// An estimate until `isCounted`.
        var tokens: Int
        var isCounted = false
        /// Whether the model reads all of it; nil if it does not tell.
        var isCut: Bool?
        /// The model's tokens of a text, if it tells.
        var ids: [Int32]?
        var failures = 0
        /// When the first failed call with it began.
        var since: MonotonicTime?

        /// - Parameter tokens: their number, of a text an estimate.
        init(_ input: EmbeddingInput, pair: String?, place: Int, tokens: Int) {
            self.input = input
            self.pair = pair
            self.tokens = tokens
            places = [place]
            if case .tokens = input { (isCounted, isCut) = (true, false) }
        }

        func fingerprint(_ kind: Kind) -> Int {
            Fingerprint.of("text", kind, input, pair.map(ExactString.init))
        }

        /// The ids to embed; nil if the text itself is embedded, as a text without tokens must be.
        var tokenIDs: [Int32]? {
            if case .tokens(let ids) = input { return ids }
            return ids.flatMap { $0.isEmpty ? nil : $0 }
        }

        var reading: TextReading { TextReading(tokens: tokens, isCut: isCut) }
    }

    struct Answer: Sendable {
        /// An embedding, a score, or a logit for each label.
        var values: [Float]
        var reading: TextReading
    }

    let kind: Kind
    let reply: JobChannel<[Answer]>
    /// Longest first; taken from the end.
    private(set) var pending: [Piece]
    /// Texts from a failed step: each is retried alone.
    private(set) var suspects: [Piece] = []
    private var answers: [Answer?]
    private var unanswered: Int

    /// - Parameters:
    ///   - answers: as many as there are texts; nil for what is still to be computed.
    ///   - pieces: what is still to be computed.
    init(_ kind: Kind, answers: [Answer?], pieces: [Piece], reply: JobChannel<[Answer]>) {
        self.kind = kind
        self.reply = reply
        self.answers = answers
        unanswered = pieces.count
        pending = pieces.sorted { ($0.tokens, $0.places[0]) > ($1.tokens, $1.places[0]) }
        super.init(
            cost: answers.count, remaining: pieces.reduce(0) { $0 + $1.tokens }, output: reply)
    }

    var isDone: Bool { unanswered == 0 }

    func finish() {
        reply.finish(answers.compactMap { $0 })
    }
}

extension [EmbeddingJob.Answer]: JobEvent {}

// MARK: - Steps

extension EmbeddingJob {
    /// Takes texts for a step: at least one, then as many as fit.
    func take(tokens: Int, rows: Int) -> [Piece] {
        if let suspect = suspects.popLast() { return [suspect] }
        var taken: [Piece] = []
        var used = 0
        while let next = pending.last, taken.count < rows,
            taken.isEmpty || used + next.tokens <= tokens
        {
            used += next.tokens
            taken.append(pending.removeLast())
        }
        return taken
    }

    /// Whether all remaining texts can join another job's step.
    func fits(tokens: Int, rows: Int) -> Bool {
        suspects.isEmpty && remaining <= tokens && pending.count <= rows
    }

    /// Takes back a text that did not fit the step.
    func putBack(_ piece: Piece) {
        pending.append(piece)
    }

    /// Takes back a text from a failed step.
    func suspect(_ piece: Piece) {
        suspects.append(piece)
    }

    /// Corrects the estimate of a text's tokens.
    func count(_ piece: inout Piece, as tokens: Int, isCut: Bool?) {
        remaining += tokens - piece.tokens
        piece.tokens = tokens
        piece.isCounted = true
        piece.isCut = isCut
    }

    func answer(_ piece: Piece, with answer: Answer) {
        for place in piece.places { answers[place] = answer }
        remaining -= piece.tokens
        unanswered -= 1
    }
}
