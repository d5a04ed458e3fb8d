import JSON
package import PluginHost

/// Turns text into a model's tokens and back, off Swift's cooperative pool: a call may wait for the model's
/// process.
package final class ModelTokenizer: Sendable {
    private let supervisor: ModelSupervisor
    private let vocabulary: Vocabulary
    /// Tokens that the model reads and writes.
    package let tokenCount: Int
    private let retries: Int
    private let pool = BlockingPool("roost-tokenize", limit: 4)

    init(_ supervisor: ModelSupervisor, _ vocabulary: Vocabulary, tokenCount: Int, retries: Int) {
        self.supervisor = supervisor
        self.vocabulary = vocabulary
        self.tokenCount = tokenCount
        self.retries = retries
    }

    /// - Returns: nil for a model that says nothing of its tokens.
    /// - Throws: what the start of the model failed with.
    package convenience init?(_ supervisor: ModelSupervisor) throws {
        let model = try supervisor.current()
        guard let vocabulary = model.vocabulary else { return nil }
        let width = model.description.decode?.vocabularySize ?? vocabulary.count
        self.init(
            supervisor, vocabulary, tokenCount: min(vocabulary.count, width),
            retries: EngineOptions.text.retries)
    }

    /// - Throws: `EngineError`.
    package func tokenize(
        _ text: String, addSpecial: Bool, parseSpecial: Bool
    ) async throws -> [Int32] {
        try await pool.run { [self] in
            try supervisor.tokenizing(
                Fingerprint.of("tokenize", ExactString(text), addSpecial, parseSpecial),
                input: "text", retries: retries
            ) {
                try $0.tokenize(text, addSpecial: addSpecial, parseSpecial: parseSpecial)
            }
        }
    }

    /// Turns a prompt into tokens; only the template's own words become control tokens. It is
    /// rendered here too: a long conversation keeps a core busy for seconds.
    ///
    /// - Throws: `EngineError`, and what `render` throws.
    package func tokenize(
        _ render: @escaping @Sendable () throws -> RenderedPrompt
    ) async throws -> [Int32] {
        try await tokenize(render) { _ in }.tokens
    }

    /// - Parameter look: gets the prompt before it is turned into tokens.
    package func tokenize<Value: Sendable>(
        _ render: @escaping @Sendable () throws -> RenderedPrompt,
        look: @escaping @Sendable (RenderedPrompt) -> Value
    ) async throws -> (tokens: [Int32], value: Value) {
        try await pool.run { [self] in
            let prompt = try render()
            let tokens = try supervisor.tokenizing(
                Fingerprint.of("prompt", ExactString(prompt.text), prompt.plain),
                input: "text", retries: retries
            ) {
                try $0.tokenize(mixed: prompt.text, plain: prompt.plain)
            }
            return (tokens, look(prompt))
        }
    }

    /// The text of tokens; control tokens are not shown.
    package func detokenize(_ tokens: [Int32]) throws(EngineError) -> String {
        if let unknown = tokens.first(where: { $0 < 0 || $0 >= tokenCount }) {
            throw .unknownToken(unknown, vocabulary: tokenCount)
        }
        return vocabulary.text(of: tokens)
    }

    /// The beginning-of-text token.
    package var bos: Int32? { vocabulary.bos }

    /// The tokens that are spelled so; a text that is none has no entry.
    package func tokens(spelled texts: [String]) -> [String: Int32] {
        let wanted = Dictionary(
            texts.map { (Array($0.utf8), $0) }, uniquingKeysWith: { first, _ in first })
        let lengths = Set(wanted.keys.map(\.count))
        var found: [String: Int32] = [:]
        for id in 0..<Int32(tokenCount) {
            let piece = vocabulary.piece(id)
            guard lengths.contains(piece.count), let text = wanted[Array(piece)] else { continue }
            found[text] = found[text] ?? id
        }
        return found
    }

    /// The beginning-of-text token as templates write it; empty without one.
    package var bosToken: String { text(of: vocabulary.bos) }
    /// The end-of-text token as templates write it; empty without one.
    package var eosToken: String { text(of: vocabulary.eos) }

    package func isBOS(_ token: Int32) -> Bool { token == vocabulary.bos }

    /// A token as it is spelled, with what is no UTF-8 as U+FFFD; nil for one that the model lacks.
    package func spelling(of token: Int32) -> String? {
        (0..<Int32(tokenCount)).contains(token) ? text(of: token) : nil
    }

    package func isControl(_ token: Int32) -> Bool {
        vocabulary.attributes(of: token).contains(.control)
    }

    private func text(of token: Int32?) -> String {
        token.map { String(decoding: vocabulary.piece($0), as: UTF8.self) } ?? ""
    }
}

extension Vocabulary {
    /// The text of a whole sequence of tokens; control tokens are not shown.
    ///
    /// A vocabulary with a space prefix (SentencePiece) writes a space before every word, the first
    /// one too: that one is not part of the text.
    func text(of tokens: [Int32]) -> String {
        let shown = tokens.filter { !attributes(of: $0).contains(.control) }
        var bytes = shown.flatMap { piece($0) }
        if spacePrefix, bytes.first == UInt8(ascii: " ") { bytes.removeFirst() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
