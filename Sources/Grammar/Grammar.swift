/// What a text must be like, ready to be followed.
///
/// A grammar comes from a JSON Schema, a regular expression, llama.cpp's GBNF, a list of choices, or a
/// composition of these: see `GrammarExpression`. Compiling takes bounded time and memory whatever the
/// source says, and a source that no text can satisfy is refused.
///
/// To constrain a model's output, bind the grammar to the model's vocabulary and follow it with a cursor:
///
///     let grammar = try Grammar(.schema(["type": "integer"]))
///     let bound = try TokenGrammar(grammar, TokenTrie(count: …, bytes: …))
///     let cursor = bound.begin()
///     cursor.allowedTokens()   // a mask over the vocabulary; end tokens may come where cursor.accepts
///     cursor.append(token)
///
/// `TokenGrammar` is shared by all requests with the same grammar, a `GrammarCursor` belongs to one.
package final class Grammar: Sendable {
    /// Never changed; only its copies are.
    private nonisolated(unsafe) let builder: NetworkBuilder
    private let root: Int32
    /// Without regard to a vocabulary.
    let network: Network

    /// - Throws: `GrammarError` with the place of the fault; where that is a part of a composition, the
    ///   place within the part.
    package init(_ expression: GrammarExpression) throws(GrammarError) {
        var compiler = GrammarCompiler()
        let root = try compiler.rule(of: expression)
        guard let network = try Network(compiler.builder, root: root) else {
            throw compiler.contradiction
                ?? GrammarError("is satisfied by no text of finite length")
        }
        builder = compiler.builder
        self.root = root
        self.network = network
    }

    /// The network of texts that consist of certain bytes.
    func network(writable: Set<UInt8>) throws(GrammarError) -> Network {
        let missing = network.usedBytes.subtracting(writable)
        if missing.isEmpty { return network }
        var copy = builder
        copy.budget = Budget()
        if let smaller = try Network(copy, root: root, only: writable) { return smaller }
        let names = missing.sorted().prefix(8).map { byte in
            0x21...0x7E ~= byte
                ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x" + String(byte, radix: 16)
        }
        throw GrammarError(
            "needs what the model's vocabulary cannot write: \(names.joined(separator: ", "))")
    }

    /// Whether a whole text is in the language.
    package func matches(_ text: String) -> Bool {
        let recognizer = Recognizer(network)
        var state = Recognizer.start
        for byte in text.utf8 { state = recognizer.next(state, byte) }
        return recognizer.accepts[Int(state)]
    }
}
