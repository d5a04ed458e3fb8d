import Engine
import Services

/// Turns what a model writes of one choice into the events of a reply.
struct ReplyReader: Sendable {
    private let choice: Int
    private let reading: OutputReading?
    private var parser: OutputParser?
    /// Calls that have begun.
    private var calls = 0
    /// The one call that the reply may have is whole: what follows is not part of it.
    private(set) var isOver = false

    init(_ reading: OutputReading?, choice: Int) {
        self.choice = choice
        self.reading = reading
        parser = reading?.parser
    }

    mutating func text(_ text: String, tokens: [TokenLogProb]) -> [ReplyEvent] {
        guard !isOver else { return [] }
        guard let parts = parser?.push(text) else {
            return [.text(text, tokens: tokens, choice: choice)]
        }
        return events(parts, tokens)
    }

    mutating func mark(_ token: Int32) -> [ReplyEvent] {
        guard !isOver, let mark = reading?.tokens[token], let parts = parser?.push(mark: mark)
        else { return [] }
        return events(parts, [])
    }

    mutating func finish(_ reason: FinishReason) -> [ReplyEvent] {
        var events: [ReplyEvent] = []
        if !isOver, let parts = parser?.finish(isCut: reason != .stop) {
            events = self.events(parts, [])
        }
        let endsWithCalls = isOver || reason == .stop && calls > 0
        return events + [.finish(endsWithCalls ? .toolCalls : ReplyEnd(reason), choice: choice)]
    }

    /// - Parameter tokens: the log probabilities of what was read, whatever it turns out to be.
    private mutating func events(_ parts: [OutputPart], _ tokens: [TokenLogProb]) -> [ReplyEvent] {
        var events: [ReplyEvent] = []
        var tokens = tokens
        for part in parts where !isOver {
            switch part {
            case .text(let text):
                events.append(.text(text, tokens: tokens, choice: choice))
                tokens = []
            case .reasoning(let text):
                if reading?.showsReasoning == true {
                    events.append(.reasoning(text, choice: choice))
                }
            case .call(let name):
                calls += 1
                events.append(delta(id: reading?.newID, name: name))
            case .arguments(let text): events.append(delta(arguments: text))
            case .callEnd: isOver = reading?.isParallel == false
            }
        }
        if !tokens.isEmpty { events.append(.text("", tokens: tokens, choice: choice)) }
        return events
    }

    private func delta(
        id: String? = nil, name: String? = nil, arguments: String = ""
    ) -> ReplyEvent {
        .toolCall(
            ToolCallDelta(index: calls - 1, id: id, name: name, arguments: arguments),
            choice: choice)
    }
}
