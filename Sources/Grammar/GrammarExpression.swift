package import JSON

/// A language that a text can be required to be in, composed of simpler ones.
///
///     // <tool_call>{"name": "weather", "arguments": {…}}</tool_call>, any number of times
///     let call: GrammarExpression = .sequence([
///         .literal("{\"name\": \"weather\", \"arguments\": "), .schema(parameters),
///         .literal("}\n</tool_call>"),
///     ])
///     let reply: GrammarExpression = .sequence([
///         .repeated(.sequence([.textUntil(["<tool_call>\n"]), call]), 0...Int.max),
///         .textWithout(["<tool_call>\n"]),
///     ])
///     let grammar = try Grammar(reply)
///
/// So a constraint that only begins once the model has written a certain string is text until that string,
/// and then the constraint.
package indirect enum GrammarExpression: Hashable, Sendable {
    /// Exactly this text; the empty one matches where nothing is written.
    case literal(String)
    /// One certain token, such as a control token whose text is not part of the output.
    case token(Int32)
    /// All in turn.
    case sequence([GrammarExpression])
    /// One of them; of none of them nothing matches.
    case choice([GrammarExpression])
    /// One of these texts.
    case oneOf([String])
    /// A number of times; up to `Int.max` is without limit.
    case repeated(GrammarExpression, ClosedRange<Int>)
    /// A whole text that a regular expression matches, in the syntax that `RegexParser` reads.
    case regex(String)
    /// A grammar in llama.cpp's GBNF.
    case gbnf(String)
    /// A JSON value that is valid against a JSON Schema.
    case schema(JSONValue, SchemaOptions = SchemaOptions())
    /// Any text up to the first of these strings or tokens, and that.
    case textUntil([String], tokens: [Int32] = [])
    /// Any text in which none of these strings occurs.
    case textWithout([String])
}

/// How a JSON Schema is read.
package struct SchemaOptions: Hashable, Sendable {
    /// Whether objects may have members that the schema does not name, where it says nothing of
    /// them.
    package var opensObjects = false

    package init() {}
}
