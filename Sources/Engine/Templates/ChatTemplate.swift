package import JSON

/// The Jinja template by which a model's conversations become its prompt.
///
/// Rendering follows transformers' `apply_chat_template`: the same variables and functions, white
/// space, sandbox and output. Three things differ on purpose: work, output and depth are limited, so
/// that no template can hang or crash the host; integers have 64 bits; and `safe` and `escape` give
/// plain text, which is not escaped again when it is joined.
package struct ChatTemplate: Sendable {
    package let source: String
    private let statements: Statements
    let toolCallForm: ToolCallForm

    /// Immutable syntax; unchecked because it holds constant values of the interpreter.
    private struct Statements: @unchecked Sendable {
        let body: [Jinja.Statement]
    }

    /// - Throws: `TemplateError.syntax` with the line.
    package init(source: String) throws(TemplateError) {
        self.source = source
        let statements = Statements(body: try Jinja.Parser.statements(of: source))
        self.statements = statements
        toolCallForm =
            source.contains("tool_calls")
            ? ToolCallForm.best { try Self.render($0, statements, Jinja.Limits(steps: 500_000)) }
            : ToolCallForm()
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
    ) throws(TemplateError) -> RenderedPrompt {
        try Self.render(
            {
                let own: [(name: String, value: Jinja.Value)] = [
                    ("messages", try Jinja.Value(messages: messages)),
                    ("tools", try Jinja.Value(tools ?? .null, .request)), ("documents", .null),
                    ("add_generation_prompt", .bool(addGenerationPrompt)),
                    ("bos_token", .string(Jinja.Text(bosToken))),
                    ("eos_token", .string(Jinja.Text(eosToken))),
                ]
                return try own
                    + extra.map { (name: $0.key, value: try Jinja.Value($0.value, .request)) }
            }, statements)
    }

    /// Renders with only these variables, all of which come from the request.
    package func render(
        _ variables: [(name: String, value: JSONValue)]
    ) throws(TemplateError) -> RenderedPrompt {
        try Self.render(
            {
                try variables.map { (name: $0.name, value: try Jinja.Value($0.value, .request)) }
            }, statements)
    }

    private static func render(
        _ variables: () throws -> [(name: String, value: Jinja.Value)], _ statements: Statements,
        _ limits: Jinja.Limits = Jinja.Limits()
    ) throws(TemplateError) -> RenderedPrompt {
        let interpreter: Jinja.Interpreter
        do {
            interpreter = Jinja.Interpreter(variables: try variables(), limits: limits)
        } catch {
            throw .limit("the conversation is nested too deep", line: 1)
        }
        let text = try interpreter.render(statements.body)
        return RenderedPrompt(text: text.string, plain: text.requested)
    }
}

extension Jinja.Value {
    /// The messages of a chat. Everything in them originates in the request, except role names that
    /// the API knows: templates make control tokens of those, like `<|user|>`.
    fileprivate init(messages: JSONValue) throws {
        guard case .array(let elements) = messages else {
            self = try Jinja.Value(messages, .request)
            return
        }
        self = try .list(
            elements.map { element in
                guard let object = element.object else { return try Jinja.Value(element, .request) }
                return try .dictionary(
                    object.members.map { member in
                        let isRole =
                            member.key == "role"
                            && ChatTemplate.roles.contains(member.value.string ?? "")
                        return (
                            key: .string(Jinja.Text(member.key, .request)),
                            value: try Jinja.Value(member.value, isRole ? .template : .request)
                        )
                    })
            })
    }
}

extension ChatTemplate {
    /// The roles that a message may have.
    package static let roles = ["system", "developer", "user", "assistant", "tool", "function"]
}

/// The result of rendering a conversation with a chat template.
package struct RenderedPrompt: Hashable, Sendable {
    package var text: String
    /// The ranges of its UTF-8 that originate in the request, ascending and disjoint: a control
    /// token spelled there is plain characters. The rest is the template's.
    package var plain: [Range<Int>]

    package init(text: String, plain: [Range<Int>] = []) {
        self.text = text
        self.plain = plain
    }
}
