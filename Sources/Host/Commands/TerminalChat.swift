import Dispatch
import Engine
import JSON
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A conversation on a terminal.
struct TerminalChat {
    let client: HostClient
    var conversation: ChatConversation

    private static let help = """
        /new            begin a new conversation
        /again          answer the last message again
        /model NAME     go on with another model
        /models         list the models
        /system TEXT    tell the model something before the conversation; without TEXT, nothing
        /history        show the conversation
        /quit           end, as Ctrl-D does; Ctrl-C stops an answer
        """

    mutating func run() async throws {
        StandardOutput.line("\(conversation.model) at \(client.url). /help names the commands.")
        let interrupts = Interrupts()
        while let line = await Self.ask() {
            let text = line.trimmed
            do {
                if text.hasPrefix("/") {
                    guard try await obey(text, interrupts) else { return }
                } else if !text.isEmpty {
                    conversation.add("user", text)
                    try await answer(interrupts)
                }
            } catch let error as ClientError {
                StandardError.write("\(error)")
            }
        }
        StandardOutput.line()
    }

    private static func ask() async -> String? {
        StandardOutput.write("\n> ")
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: readLine()) }
        }
    }

    /// - Returns: false for the command that ends the chat.
    private mutating func obey(_ text: String, _ interrupts: Interrupts) async throws -> Bool {
        let words = text.split(separator: " ", maxSplits: 1)
        let argument = words.count > 1 ? words[1].trimmed : ""
        switch words[0] {
        case "/quit", "/exit": return false
        case "/help": StandardOutput.line(Self.help)
        case "/new": conversation.forget()
        case "/again" where conversation.takeBackAnswer(): try await answer(interrupts)
        case "/model" where !argument.isEmpty: conversation.model = argument
        case "/models": try await listModels()
        case "/system": conversation.system = argument.isEmpty ? nil : argument
        case "/history":
            for (role, content) in conversation.messages {
                StandardOutput.show("\(role): \(content)\n")
            }
        default: StandardOutput.line("no such command; these are there:\n" + Self.help)
        }
        return true
    }

    private func listModels() async throws {
        let models = try await client.json("GET", "/v1/models")["data"]?.array ?? []
        for model in models {
            StandardOutput.line("\(model["id"]?.string ?? "") (\(model["state"]?.string ?? ""))")
        }
    }

    /// Streams an answer; Ctrl-C ends it, and what has come so far stays.
    private mutating func answer(_ interrupts: Interrupts) async throws {
        let text = Mutex("")
        let task = Task { [client, conversation] in
            try await conversation.streamAnswer(client) { piece in
                text.withLock { $0 += piece }
                StandardOutput.show(piece)
            }
        }
        interrupts.onInterrupt { task.cancel() }
        defer { interrupts.onInterrupt(nil) }
        let result = await task.result
        StandardOutput.line(task.isCancelled ? " (stopped)" : "")
        let soFar = text.withLock { $0 }
        if !soFar.isEmpty { conversation.add("assistant", soFar) }
        if !task.isCancelled { try result.get() }
    }
}

/// Ctrl-C: stops an answer; between answers it ends the program.
private final class Interrupts: @unchecked Sendable {
    private let action = Mutex<(@Sendable () -> Void)?>(nil)
    /// Set once, in `init`.
    private let source: any DispatchSourceSignal

    init() {
        signal(SIGINT, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler { [weak self] in self?.interrupt() }
        source.resume()
    }

    deinit {
        source.cancel()
    }

    func onInterrupt(_ body: (@Sendable () -> Void)?) {
        action.withLock { $0 = body }
    }

    private func interrupt() {
        guard let action = action.withLock({ $0 }) else {
            StandardOutput.line()
            exit(0)
        }
        action()
    }
}
