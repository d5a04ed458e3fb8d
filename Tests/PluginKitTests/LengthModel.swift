import PluginKit

/// A model of vectors and tasks: an embedding is `[bytes, tokens, 1 for a query]`, a score the number of
/// bytes of query and document.
final class LengthModel: VectorModel, TaskModel {
    let info = ModelInfo(
        name: "lengths",
        vectors: VectorInfo(pooling: .mean, queryPrefix: "query: ", matryoshka: false))
    let vectors: VectorCapabilities
    let tasks = [
        TaskDescription(name: "letters", inputSchema: #"{"type": "string"}"#, eventSchema: "{}")
    ]

    init(embeds: Bool) {
        vectors = VectorCapabilities(
            dimensions: embeds ? 3 : 0, labels: ["odd", "even"], maxTokens: 4, scoresPairs: embeds,
            embedsTokens: true, classifiesPairs: true, countsTokens: true)
    }

    /// A token a byte, and one between two texts.
    func countTokens(
        of text: String, pair: String?, flags: EmbedFlags, call: Call
    ) throws -> TokenCount {
        let whole = text.utf8.count + (pair.map { $0.utf8.count + 1 } ?? 0)
        return TokenCount(whole: whole, read: text == "wrong" ? whole + 1 : min(whole, 4))
    }

    func embeddingTokens(of text: String, flags: EmbedFlags, call: Call) throws -> [Int32] {
        (flags.contains(.query) ? [99] : []) + text.utf8.prefix(4).map { Int32($0) }
    }

    func makeContext(_ parameters: ContextParameters, call: Call) throws -> LengthContext {
        LengthContext()
    }
}

final class LengthContext: VectorContext, TaskContext {
    func embed(_ texts: [String], flags: EmbedFlags, into rows: Rows, call: Call) throws {
        if texts.contains("fail") { throw PluginError(.model, "no weights", flags: .retryable) }
        for (row, text) in texts.enumerated() {
            rows[row][0] = Float(text.utf8.count)
            rows[row][1] = 0
            rows[row][2] = flags.contains(.query) ? 1 : 0
        }
    }

    func embed(tokens: [[Int32]], flags: EmbedFlags, into rows: Rows, call: Call) throws {
        for (row, ids) in tokens.enumerated() {
            rows[row][0] = 0
            rows[row][1] = Float(ids.count)
            rows[row][2] = Float(ids[0])
        }
    }

    func scores(query: String, documents: [String], call: Call) throws -> [Float] {
        if query == "few" { return [] }
        return documents.map { Float(query.utf8.count + $0.utf8.count) }
    }

    func classify(_ texts: [String], into rows: Rows, call: Call) throws {
        for (row, text) in texts.enumerated() {
            rows[row][0] = text.utf8.count % 2 == 1 ? 1 : -1
            rows[row][1] = -rows[row][0]
        }
    }

    func classify(
        _ texts: [String], pairs: [String], into rows: Rows, call: Call
    ) throws {
        for row in texts.indices {
            rows[row][0] = Float(texts[row].utf8.count)
            rows[row][1] = Float(pairs[row].utf8.count)
        }
    }

    func begin(task: String, input: [UInt8], call: Call) throws -> any TaskJob {
        if input.isEmpty { throw PluginError(.argument, "no letters") }
        return LetterJob(input)
    }
}

/// An event a letter, one in each slice; a line break makes a broken event, `!` an error.
final class LetterJob: TaskJob {
    nonisolated(unsafe) static var living = 0

    private let letters: [UInt8]
    private var next = 0

    init(_ letters: [UInt8]) {
        self.letters = letters
        Self.living += 1
    }

    deinit {
        Self.living -= 1
    }

    func advance(for limit: Duration, call: Call) throws -> TaskProgress {
        let letter = Character(Unicode.Scalar(letters[next]))
        if letter == "!" { throw PluginError(.internal, "cannot go on") }
        next += 1
        return TaskProgress(
            events: ["{\"letter\": \"\(letter)\"}"], done: next == letters.count, step: next,
            of: letters.count)
    }
}
