import ArgumentParser
import JSON

/// `roost chat`
struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat", abstract: "Chats with a model of a running host.",
        discussion: """
            On a terminal it asks for one message after the other; /help names the commands, and \
            Ctrl-C stops an answer. With a message, or in a pipe, it writes one answer and ends.
            """)

    @Argument(help: "The message; without it, what is typed or piped in.")
    var message: String?

    @Option(help: "The model; by default the host's first.")
    var model: String?

    @Option(help: "What the model is told before the conversation.")
    var system: String?

    @Option(help: "0 always takes the likeliest word; above 1 is wild.")
    var temperature: Double?

    @Option(help: "The longest answer, in tokens.")
    var maxTokens: Int?

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let client = client.client()
        let model = if let model { model } else { try await firstModel(client) }
        var conversation = ChatConversation(model: model, system: system)
        conversation.temperature = temperature
        conversation.maxTokens = maxTokens
        if let message = message ?? pipedMessage() {
            if message.trimmed.isEmpty { throw ValidationError("there is no message") }
            try await answerOnce(message, conversation, client)
        } else {
            var chat = TerminalChat(client: client, conversation: conversation)
            try await chat.run()
        }
    }

    private func pipedMessage() -> String? {
        if StandardInput.isTerminal { return nil }
        var lines: [String] = []
        while let line = readLine() { lines.append(line) }
        return lines.joined(separator: "\n")
    }

    private func answerOnce(
        _ message: String, _ conversation: ChatConversation, _ client: HostClient
    ) async throws {
        var conversation = conversation
        conversation.add("user", message)
        try await conversation.streamAnswer(client) { StandardOutput.show($0) }
        StandardOutput.line()
    }

    private func firstModel(_ client: HostClient) async throws -> String {
        let models = try await client.json("GET", "/v1/models")["data"]?.array ?? []
        let ready = models.first { $0["state"]?.string == "ready" } ?? models.first
        guard let name = ready?["id"]?.string else {
            throw ClientError.refused(
                status: 404, message: "the host at \(client.url) has no models")
        }
        return name
    }
}

/// The messages so far, and how they are answered.
struct ChatConversation: Sendable {
    var model: String
    var system: String?
    var temperature: Double?
    var maxTokens: Int?
    private(set) var messages: [(role: String, content: String)] = []

    init(model: String, system: String? = nil) {
        self.model = model
        self.system = system
    }

    mutating func add(_ role: String, _ content: String) {
        messages.append((role, content))
    }

    mutating func forget() {
        messages = []
    }

    /// Removes the last answer.
    /// - Returns: whether there is a question to answer again.
    mutating func takeBackAnswer() -> Bool {
        if messages.last?.role == "assistant" { messages.removeLast() }
        return messages.last?.role == "user"
    }

    var request: JSONValue {
        var all = messages.map { (role: $0.role, content: $0.content) }
        if let system { all.insert(("system", system), at: 0) }
        var object = JSONObject()
        object["model"] = .string(model)
        object["stream"] = true
        // Thoughts are shown where they stand, with their marks.
        object["reasoning_format"] = "none"
        object["messages"] = .array(
            all.map { ["role": .string($0.role), "content": .string($0.content)] })
        object["temperature"] = temperature.map { .number($0) }
        object["max_tokens"] = maxTokens.map { .integer($0) }
        return .object(object)
    }

    /// Passes the text of the answer to `write` as it arrives.
    /// - Throws: `ClientError`.
    func streamAnswer(_ client: HostClient, _ write: @Sendable (String) -> Void) async throws {
        try await client.events("POST", "/v1/chat/completions", body: request) { event in
            if event != EventReader.end { write(try Self.text(of: event)) }
        }
    }

    private static func text(of event: String) throws -> String {
        guard let chunk = try? JSONValue(parsing: event) else {
            throw ClientError.notUnderstood("an event of the stream is not JSON")
        }
        if chunk["error"] != nil { throw ClientError(status: 500, body: Array(event.utf8)) }
        return chunk["choices"]?[0]?["delta"]?["content"]?.string ?? ""
    }
}
