import PluginCommon
import PluginKit
import TensorRuntime
import Tokenizers

/// The task `answer`: the spans of passages that answer a question, best first.
///
/// A passage too long for the network is read in overlapping windows. "No answer" is at most as
/// likely as in the window that finds it least likely, and comes before the first span that is less
/// likely than it.
final class AnswerJob: TaskJob {
    static let description = TaskDescription(
        name: "answer",
        inputSchema: """
            {"type":"object","required":["question","passages"],"properties":{\
            "question":{"type":"string"},"passages":{"type":"array","items":{"type":"string"}},\
            "top_k":{"type":"integer","minimum":1,"maximum":100,"default":1},\
            "max_answer_tokens":{"type":"integer","minimum":1,"maximum":512,"default":30}}}
            """,
        eventSchema: """
            {"type":"object","properties":{"passage":{"type":"integer"},"text":{"type":"string"},\
            "start":{"type":"integer"},"end":{"type":"integer"},"score":{"type":"number"},\
            "no_answer":{"type":"boolean"}}}
            """)

    private struct Input: Decodable {
        let question: String
        let passages: [String]
        let topK: Int?
        let maxAnswerTokens: Int?
    }

    private struct Span: Encodable {
        let passage: Int
        let text: String
        let start: Int
        let end: Int
        let score: Double
    }

    private struct None: Encodable {
        let noAnswer = true
        let score: Double
    }

    private struct Window {
        let passage: Int
        let encoding: Encoding
    }

    private let reader: TextReader
    private let head: PredictionHead
    private let overlap: Int
    private let input: Input
    private let most: Int
    private var nextPassage = 0
    private var windows: ArraySlice<Window> = []
    private var best: BestAnswers
    private var none = 1.0

    init(
        _ json: [UInt8], _ reader: TextReader, _ head: PredictionHead, overlap: Int
    ) throws {
        input = try TaskJSON.input(json, of: Self.description.name)
        most = try Self.checked("max_answer_tokens", input.maxAnswerTokens ?? 30, 1...512)
        best = BestAnswers(try Self.checked("top_k", input.topK ?? 1, 1...100))
        self.reader = reader
        self.head = head
        self.overlap = overlap
    }

    private static func checked(
        _ key: String, _ found: Int, _ range: ClosedRange<Int>
    ) throws -> Int {
        guard range.contains(found) else {
            throw BertError.taskInput(
                key, found: "\(found)", expected: "\(range.lowerBound) to \(range.upperBound)")
        }
        return found
    }

    func advance(for limit: Duration, call: Call) throws -> TaskProgress {
        let end = ContinuousClock.now + limit
        repeat {
            try fill()
            try readPass(call)
        } while !isDone && ContinuousClock.now < end
        return TaskProgress(
            events: isDone ? try events() : [], done: isDone, step: nextPassage,
            of: input.passages.count)
    }

    private var isDone: Bool { windows.isEmpty && nextPassage == input.passages.count }

    /// Splits passages into windows until there are enough for a pass.
    private func fill() throws {
        var tokens = windows.reduce(0) { $0 + $1.encoding.count }
        while tokens < TextPasses.tokens, nextPassage < input.passages.count {
            let encodings = try reader.windows(
                question: input.question, passage: input.passages[nextPassage], overlap: overlap)
            windows += encodings.map { Window(passage: nextPassage, encoding: $0) }
            tokens += encodings.reduce(0) { $0 + $1.count }
            nextPassage += 1
        }
    }

    private func readPass(_ call: Call) throws {
        let lengths = windows.map(\.encoding.count)
        guard let pass = TextPasses.split(lengths).first else { return }
        let taken = Array(windows.prefix(pass.count))
        let texts = taken.map { TokenizedText($0.encoding) }
        try reader.forEachPass(over: texts, call) { range, states, sequences in
            let logits = try head(states).floats  // [N, 2]
            for (index, window) in range.enumerated() {
                let rows = sequences[index]
                read(
                    taken[window], start: rows.map { logits[2 * $0] },
                    end: rows.map { logits[2 * $0 + 1] })
            }
        }
        windows = windows.dropFirst(pass.count)
    }

    private func read(_ window: Window, start: [Float], end: [Float]) {
        let spans = AnswerSpans(window.encoding, start: start, end: end)
        none = min(none, spans.none)
        let wanted = input.topK ?? 1
        for answer in spans.best(wanted, mostTokens: most, passage: window.passage) {
            best.add(answer)
        }
    }

    private func events() throws -> [String] {
        let answers = best.answers
        let rank = answers.firstIndex { $0.scoreBesideNone < none } ?? answers.count
        var events = try answers.map { try TaskJSON.event(span($0)) }
        events.insert(try TaskJSON.event(None(score: none)), at: rank)
        return events
    }

    private func span(_ answer: Answer) -> Span {
        let passage = Array(input.passages[answer.passage].unicodeScalars)
        return Span(
            passage: answer.passage, text: passage.text(answer.range),
            start: answer.range.lowerBound, end: answer.range.upperBound, score: answer.score)
    }
}
