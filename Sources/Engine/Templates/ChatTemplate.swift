/// The Jinja template by which a model's conversations become its prompt.
///
/// Rendering follows transformers' `apply_chat_template`: the same variables and functions, white
/// space, sandbox and output. Three things differ on purpose: work, output and depth are limited, so
/// that no template can hang or crash the host; integers have 64 bits; and `safe` and `escape` give
/// plain text, which is not escaped again when it is joined.
package struct ChatTemplate: Sendable {
    package let source: String
    private let statements: Statements

    /// Immutable syntax; unchecked because it holds constant values of the interpreter.
    private struct Statements: @unchecked Sendable {
        let body: [Jinja.Statement]
    }

    /// - Throws: `TemplateError.syntax` with the line.
    package init(source: String) throws(TemplateError) {
        self.source = source
        statements = Statements(body: try Jinja.Parser.statements(of: source))
    }

    /// The prompt for a conversation.
    ///
    /// - Parameters:
    ///   - messages: an array of objects with `role`, `content` and whatever else the template reads
    ///   - tools: the tools on offer in OpenAI's form; nil becomes `none`
    ///   - extra: more variables, such as `enable_thinking`
    /// - Throws: `TemplateError`; `.refused` carries the template's own words about the conversation.
    package func render(
        messages: JSONValue, tools: JSONValue?, addGenerationPrompt: Bool, bosToken: String,
        eosToken: String, extra: [String: JSONValue] = [:]
    ) throws(TemplateError) -> String {
        var variables: [(name: String, value: JSONValue)] = [
            ("messages", messages), ("tools", tools ?? .null), ("documents", .null),
            ("add_generation_prompt", .bool(addGenerationPrompt)),
            ("bos_token", .string(bosToken)), ("eos_token", .string(eosToken)),
        ]
        variables += extra.map { (name: $0.key, value: $0.value) }
        return try render(variables)
    }

    /// Renders with these variables and no others.
    package func render(
        _ variables: [(name: String, value: JSONValue)]
    ) throws(TemplateError) -> String {
        let interpreter: Jinja.Interpreter
        do {
            interpreter = try Jinja.Interpreter(variables: variables)
        } catch {
            throw .limit("the conversation is nested too deep", line: 1)
        }
        return try interpreter.render(statements.body)
    }
}
