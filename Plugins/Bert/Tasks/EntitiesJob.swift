import PluginKit
import TensorRuntime
import Tokenizers

/// The task `entities`: the named spans of each text, one event per text.
final class EntitiesJob: TaskJob {
    static let description = TaskDescription(
        name: "entities",
        inputSchema: """
            {"type":"object","required":["texts"],"properties":{\
            "texts":{"type":"array","items":{"type":"string"}}}}
            """,
        eventSchema: """
            {"type":"object","properties":{"index":{"type":"integer"},"entities":{"type":"array",\
            "items":{"type":"object","properties":{"label":{"type":"string"},\
            "text":{"type":"string"},"start":{"type":"integer"},"end":{"type":"integer"},\
            "score":{"type":"number"}}}}}}
            """)

    private struct Input: Decodable {
        let texts: [String]
    }

    private struct Event: Encodable {
        let index: Int
        let entities: [Entity]
    }

    private let reader: TextReader
    private let head: PredictionHead
    private let tags: [EntityTag]
    private let overlap: Int
    private let texts: [String]
    private var next = 0

    init(
        _ json: [UInt8], _ reader: TextReader, _ head: PredictionHead, labels: [String],
        overlap: Int
    ) throws {
        let input: Input = try TaskJSON.input(json, of: Self.description.name)
        texts = input.texts
        self.reader = reader
        self.head = head
        self.overlap = overlap
        tags = labels.map(EntityTag.init)
    }

    func advance(for limit: Duration, call: Call) throws -> TaskProgress {
        let end = ContinuousClock.now + limit
        var events: [String] = []
        while next < texts.count {
            let event = Event(index: next, entities: try entities(of: texts[next], call))
            events.append(try TaskJSON.event(event))
            next += 1
            if ContinuousClock.now >= end { break }
        }
        return TaskProgress(
            events: events, done: next == texts.count, step: next, of: texts.count)
    }

    private func entities(of text: String, _ call: Call) throws -> [Entity] {
        let encoding = try reader.encode(text, maxLength: nil)
        let scalars = Array(text.unicodeScalars)
        let guesses = try guesses(encoding, call)
        var words: [TaggedWord] = []
        let joiner = WordJoiner(text: scalars)
        for (index, guess) in guesses.enumerated() {
            let range = encoding.offsets[index]
            guard let guess, !range.isEmpty else { continue }
            if let last = words.last, joiner.joins(last.range, range) {
                words[words.count - 1].range =
                    last.range.lowerBound..<max(last.range.upperBound, range.upperBound)
            } else {
                words.append(
                    TaggedWord(range: range, tag: tags[guess.label], score: guess.score))
            }
        }
        return Entity.entities(of: words, in: scalars)
    }

    /// The likeliest label of each token and its probability; nil for tokens that were added.
    private func guesses(
        _ text: Encoding, _ call: Call
    ) throws -> [(label: Int, score: Float)?] {
        let windows = TokenWindows(text, most: reader.maxTokens, overlap: overlap)
        var guesses = [(label: Int, score: Float)?](repeating: nil, count: text.count)
        try reader.forEachPass(over: windows.texts, call) { pass, states, sequences in
            let probabilities = try softmax(head(states))  // [N, labels]
            for (index, window) in pass.enumerated() {
                let (inWindow, inText) = windows.kept[window]
                let first = sequences[index].lowerBound
                for (row, token) in zip(inWindow, inText) {
                    guesses[token] = probabilities.best(row: first + row)
                }
            }
        }
        return guesses
    }
}

extension Tensor {
    /// The largest number of a row and its column.
    fileprivate func best(row: Int) -> (label: Int, score: Float) {
        withFloats { numbers in
            let row = row * width..<(row + 1) * width
            let best = row.max { numbers[$0] < numbers[$1] } ?? row.lowerBound
            return (best - row.lowerBound, numbers[best])
        }
    }
}
