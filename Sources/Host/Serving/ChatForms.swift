import Engine
import JSON
import Services

/// The chat templates of a model, by their names.
struct ChatForms: Sendable {
    private let usual: ChatForm
    private let named: [String: ChatForm]

    /// The one that is used where a request brings tools.
    private static let forTools = "tool_use"

    /// - Returns: nil for a model without templates.
    /// - Throws: `TemplateError` for the one that is used where none is named.
    init?(_ engine: TextEngine, _ chat: Settings.Chat) throws {
        var sources = engine.info.chatTemplates
        if let own = engine.info.chatTemplate, !own.isEmpty { sources["default"] = own }
        let text = chat.template.map { sources[$0] ?? $0 }
        guard let source = text ?? sources["default"] ?? sources.values.sorted().first else {
            return nil
        }
        usual = ChatForm(try ChatTemplate(source: source), chat.toolFormat, engine)
        // A template of the settings is used for everything.
        if text != nil { sources = [:] }
        named = sources.compactMapValues { source in
            (try? ChatTemplate(source: source)).map { ChatForm($0, chat.toolFormat, engine) }
        }
    }

    /// - Throws: `APIError.unsupported` for a name that no template has.
    func form(for chat: Conversation) throws -> ChatForm {
        if let name = chat.templateName {
            if let form = named[name] { return form }
            let names = named.keys.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
            throw APIError.unsupported(
                param: "chat_template",
                "is not the name of one of the model's templates, which are "
                    + (names.isEmpty ? "not named" : names)
                    + "; a request brings no template of its own")
        }
        let hasTools = !chat.tools.isEmpty && chat.toolChoice != .none
        return hasTools ? named[Self.forTools] ?? usual : usual
    }
}

/// A chat template, and what its model writes.
struct ChatForm: Sendable {
    let template: ChatTemplate
    let reasoning: ReasoningMarks?
    let arrangement: ToolArrangement
    /// Tokens that end a message with a call.
    let ends: Set<Int32>
    private let format: ToolFormat
    /// The marks that are tokens of the model.
    private let tokens: [String: Int32]
    /// Those of them that are no text of an output.
    let controls: Set<Int32>

    /// - Parameter format: nil for the one that the template shows.
    init(_ template: ChatTemplate, _ format: ToolFormat?, _ engine: TextEngine) {
        let info = engine.info
        let format =
            format ?? info.toolCalls.flatMap { ToolFormat(rawValue: $0) } ?? ToolFormat(
                template: template.source)
            ?? .json
        self.template = template
        self.format = format
        reasoning =
            info.reasoning.map { ReasoningMarks(start: $0.start, end: $0.end) }
            ?? ReasoningMarks(template: template.source)
        arrangement = ToolArrangement(template, format)
        tokens = engine.tokenizer.tokens(
            spelled: OutputParser.tokenMarks(format, reasoning) + format.ends)
        controls = Set(tokens.values.filter(engine.tokenizer.isControl))
        ends = Set(format.ends.compactMap { [tokens] in tokens[$0] })
    }

    /// Nil if all of the output is text.
    func reading(of chat: Conversation, beginsInReasoning: Bool) -> OutputReading? {
        let tools = chat.toolChoice == .none ? [] : chat.tools
        let isCalling = !tools.isEmpty || format == .harmony
        let reasoning = chat.reasoning.isSeparate ? reasoning : nil
        guard isCalling || reasoning != nil else { return nil }
        var reading = OutputReading(
            format: isCalling ? format : nil, tools: tools, reasoning: reasoning)
        let marks = OutputParser.tokenMarks(reading.format, reasoning)
        reading.tokens = Dictionary(
            marks.compactMap { mark in tokens[mark].map { ($0, mark) } },
            uniquingKeysWith: { first, _ in first })
        // A grammar spells the marks that are text, so that they are read as text then.
        if chat.mustCall { reading.tokens = reading.tokens.filter { controls.contains($0.key) } }
        reading.beginsInReasoning = beginsInReasoning && reasoning != nil
        reading.hasShortIDs = arrangement.hasShortIDs
        reading.isParallel = chat.parallelToolCalls
        reading.showsReasoning = chat.reasoning.isShown
        return reading
    }

    /// Ends the thoughts after so many tokens; nil for a model without.
    ///
    /// - Parameter isOpen: the prompt has opened them.
    func limit(
        _ budget: Int, isOpen: Bool, _ tokenizer: ModelTokenizer
    ) async throws -> StretchLimit? {
        let marks: (start: String, end: String)
        if format == .harmony {
            marks = (
                "<|channel|>analysis<|message|>",
                "<|end|><|start|>assistant<|channel|>final<|message|>"
            )
        } else if let reasoning {
            marks = (reasoning.start, reasoning.end)
        } else {
            return nil
        }
        func ids(_ text: String) async throws -> [Int32] {
            if let token = tokens[text] { return [token] }
            return try await tokenizer.tokenize(text, addSpecial: false, parseSpecial: true)
        }
        let end = try await ids(marks.end)
        guard !end.isEmpty else { return nil }
        return StretchLimit(
            limit: budget, start: isOpen ? [] : try await ids(marks.start), end: end)
    }
}
