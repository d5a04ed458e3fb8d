import Engine
import JSON
import PluginHost

/// What answers requests for one revision of a text model: its engine and its chat template.
final class TextServing: RevisionServing {
    let engine: TextEngine
    let prompt: ChatPrompt

    init(_ engine: TextEngine) {
        self.engine = engine
        prompt = ChatPrompt(engine)
    }

    func drain(upTo limit: Duration) async {
        await engine.drain(upTo: limit)
    }

    func stop() async {
        await engine.stop()
    }
}

/// Turns the messages of a chat into tokens.
struct ChatPrompt: Sendable {
    /// How a model's chats are put into text.
    enum Form: Sendable {
        /// By the model's own template.
        case template(ChatTemplate)
        /// The model has none: the contents, one per line. Suits models that continue text.
        case plain
        /// The model has one that cannot be read.
        case broken(String)
    }

    let form: Form
    private let bosToken: String
    private let eosToken: String

    init(_ engine: TextEngine) {
        bosToken = engine.tokenizer.bosToken
        eosToken = engine.tokenizer.eosToken
        guard let source = engine.info.chatTemplate, !source.isEmpty else {
            form = .plain
            return
        }
        do {
            form = .template(try ChatTemplate(source: source))
        } catch {
            form = .broken(String(describing: error))
        }
    }

    /// Why chats cannot be answered.
    var warnings: [String] {
        guard case .broken(let reason) = form else { return [] }
        return ["the chat template cannot be read, so that no chat is answered: \(reason)"]
    }

    /// Only the template's own words become control tokens: one spelled in a message is plain
    /// characters.
    ///
    /// - Throws: `APIError.refused` for messages that the template does not accept, `.broken` where no
    ///   template can be used.
    func tokens(of chat: Conversation, engine: TextEngine) async throws -> [Int32] {
        switch form {
        case .plain:
            return try await engine.tokenizer.tokenize(
                plain(chat), addSpecial: true, parseSpecial: false)
        case .template(let template):
            return try await engine.tokenizer.tokenize { try render(template, chat) }
        case .broken(let reason):
            // The request itself may be right.
            throw APIError.broken("the model's chat template cannot be read: \(reason)")
        }
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

    private func plain(_ chat: Conversation) -> String {
        chat.messages.compactMap(\.text).joined(separator: "\n")
            + (chat.ending == .text ? "" : "\n")
    }

    private func render(_ template: ChatTemplate, _ chat: Conversation) throws -> RenderedPrompt {
        let messages = template.adapted(chat.messages.map(\.object))
        do {
            if chat.ending == .text {
                return try template.renderContinuing(
                    messages: messages, tools: nil, bosToken: bosToken, eosToken: eosToken,
                    extra: chat.templateArguments)
            }
            return try template.render(
                messages: .array(messages.map { .object($0) }), tools: nil,
                addGenerationPrompt: chat.ending == .answer, bosToken: bosToken,
                eosToken: eosToken, extra: chat.templateArguments)
        } catch {
            throw APIError.refused("the model's chat template refuses the messages: \(error)")
        }
    }
}
