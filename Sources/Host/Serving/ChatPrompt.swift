import Engine
import Grammar
import JSON
import PluginHost
import Services

/// Turns the messages of a chat into tokens, and knows how to read the answer.
struct ChatPrompt: Sendable {
    /// How a model's chats are put into text.
    enum Form: Sendable {
        /// By templates: the model's own, or those of its settings.
        case template(ChatForms)
        /// The model has none: the contents, one per line. Suits models that continue text.
        case plain
        /// The model has one that cannot be read.
        case broken(String)
    }

    let form: Form
    private let bosToken: String
    private let eosToken: String

    init(_ engine: TextEngine, _ chat: Settings.Chat) {
        bosToken = engine.tokenizer.bosToken
        eosToken = engine.tokenizer.eosToken
        do {
            form = try ChatForms(engine, chat).map { .template($0) } ?? .plain
        } catch {
            form = .broken(String(describing: error))
        }
    }

    /// Why chats cannot be answered.
    var warnings: [String] {
        guard case .broken(let reason) = form else { return [] }
        return ["the chat template cannot be read, so that no chat is answered: \(reason)"]
    }

    /// What the model is asked for, and how its answer is read; nil if all of it is text.
    ///
    /// Only the template's own words become control tokens: one spelled in a message is plain
    /// characters.
    ///
    /// - Throws: `APIError.refused` for messages that the template does not accept, `.broken` where no
    ///   template can be used, `.unsupported` for tools where there is none.
    func request(
        of chat: Conversation, engine: TextEngine
    ) async throws -> (GenerationRequest, OutputReading?) {
        var request = chat.generation.request
        switch form {
        case .plain:
            if chat.templateName != nil {
                throw APIError.unsupported(
                    param: "chat_template", "names a template, and this model has none")
            }
            if !chat.tools.isEmpty, chat.toolChoice != .none {
                throw APIError.unsupported(
                    param: "tools",
                    "cannot be given to this model, which has no chat template; set "
                        + "'chat_template_file' of the model in plugins.toml")
            }
            request.prompt = try await engine.tokenizer.tokenize(
                plain(chat), addSpecial: true, parseSpecial: false)
            return (request, nil)
        case .template(let forms):
            let form = try forms.form(for: chat)
            let marks = form.reasoning
            let (tokens, isOpen) = try await engine.tokenizer.tokenize {
                try render(form, chat)
            } look: {
                marks?.isOpen(after: $0.text) ?? false
            }
            request.prompt = tokens
            guard let reading = form.reading(of: chat, beginsInReasoning: isOpen) else {
                return (request, nil)
            }
            request.marks = Set(reading.tokens.keys)
            request.constraint = try await constraint(reading, chat, form, engine)
            request.stopTokens.formUnion(form.ends)
            if let budget = chat.reasoning.budget {
                request.stretch = try await form.limit(budget, isOpen: isOpen, engine.tokenizer)
            }
            return (request, reading)
        case .broken(let reason):
            // The request itself may be right.
            throw APIError.broken("the model's chat template cannot be read: \(reason)")
        }
    }

    /// What the reply must be like so that it has the form that is asked for, else so that its calls are
    /// valid; nil where nothing is constrained.
    ///
    /// - Throws: `APIError.invalid` for a schema that cannot be enforced, of a tool that is strict or has to
    ///   be called; the arguments of others are then any object.
    private func constraint(
        _ reading: OutputReading, _ chat: Conversation, _ form: ChatForm, _ engine: TextEngine
    ) async throws -> TokenGrammar? {
        if var wanted = chat.generation.form {
            wanted.expression = ToolGrammar(
                reading, chat.toolChoice, isControl: form.controls.contains
            ).reply(in: wanted.expression)
            return try await wanted.constraint(engine)
        }
        func grammar(_ reading: OutputReading) async throws -> TokenGrammar? {
            let calls = ToolGrammar(reading, chat.toolChoice, isControl: form.controls.contains)
            guard let expression = calls.expression else { return nil }
            return try await engine.constraints.grammar(expression)
        }
        do {
            return try await grammar(reading)
        } catch let error as GrammarError {
            var reading = reading
            for (index, tool) in chat.tools.enumerated() {
                do {
                    let schema = JSONValue.object(tool.parameters ?? JSONObject())
                    _ = try await engine.constraints.grammar(.schema(schema))
                } catch let error as GrammarError {
                    guard !tool.isStrict, !chat.mustCall else {
                        throw APIError.invalid(
                            param: "tools[\(index)].function.parameters", "is refused: \(error)")
                    }
                    reading.tools[index].parameters = nil
                }
            }
            guard reading.tools != chat.tools else {
                throw APIError.invalid(param: "tools", "are refused: \(error)")
            }
            return try await grammar(reading)
        }
    }

    /// The prompt alone.
    func tokens(of chat: Conversation, engine: TextEngine) async throws -> [Int32] {
        try await request(of: chat, engine: engine).0.prompt
    }

    /// How many tokens of a chat's prompt its first messages are, as far as they instruct the model and
    /// are no part of the conversation.
    func instructions(
        of chat: Conversation, in prompt: [Int32], engine: TextEngine
    ) async -> Int {
        var head = chat
        head.messages = Array(chat.messages.prefix { ["system", "developer"].contains($0.role) })
        head.ending = .message
        // A template that wants more than instructions leaves at least the beginning of text.
        let bos = prompt.first.map { engine.tokenizer.isBOS($0) } == true ? 1 : 0
        guard !head.messages.isEmpty, let tokens = try? await tokens(of: head, engine: engine)
        else { return bos }
        return max(bos, zip(tokens, prompt).prefix { $0 == $1 }.count)
    }

    /// The prompt before it is tokenized.
    ///
    /// - Throws: as `request`.
    func text(of chat: Conversation) throws -> String {
        switch form {
        case .plain: plain(chat)
        case .template(let forms): try render(try forms.form(for: chat), chat).text
        case .broken(let reason):
            throw APIError.broken("the model's chat template cannot be read: \(reason)")
        }
    }

    private func plain(_ chat: Conversation) -> String {
        chat.messages.compactMap(\.text).joined(separator: "\n")
            + (chat.ending == .text ? "" : "\n")
    }

    private func render(_ form: ChatForm, _ chat: Conversation) throws -> RenderedPrompt {
        // Where a template writes no calls, they are text by the time it is rendered.
        if chat.ending == .text, chat.messages.last?.toolCalls.isEmpty == false {
            throw APIError.refused(
                "the last message calls tools, so that it cannot be continued; leave "
                    + "'continue_final_message' out")
        }
        let template = form.template
        let (arranged, tools) = form.arrangement.arranged(
            chat.messages.map(\.object), tools: chat.toolChoice == .none ? [] : chat.tools,
            mustCall: chat.mustCall)
        let messages = template.adapted(arranged)
        let extra = chat.reasoning.templateArguments.merging(chat.templateArguments) { $1 }
        do {
            if chat.ending == .text {
                return try template.renderContinuing(
                    messages: messages, tools: tools, bosToken: bosToken, eosToken: eosToken,
                    extra: extra)
            }
            return try template.render(
                messages: .array(messages.map { .object($0) }), tools: tools,
                addGenerationPrompt: chat.ending == .answer, bosToken: bosToken,
                eosToken: eosToken, extra: extra)
        } catch {
            throw APIError.refused("the model's chat template refuses the messages: \(error)")
        }
    }
}

extension Conversation {
    var mustCall: Bool { toolChoice != .none && toolChoice != .auto }
}

extension ReasoningOptions {
    /// The variables by which templates know it: Qwen's and others', Granite's and DeepSeek's, gpt-oss's.
    fileprivate var templateArguments: [String: JSONValue] {
        var arguments: [String: JSONValue] = [:]
        if let isEnabled {
            arguments["enable_thinking"] = .bool(isEnabled)
            arguments["thinking"] = .bool(isEnabled)
        }
        if let effort { arguments["reasoning_effort"] = .string(effort) }
        return arguments
    }
}
