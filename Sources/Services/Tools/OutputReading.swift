/// How the output of one request is told apart into text, thoughts and calls.
package struct OutputReading: Sendable {
    /// Nil where no calls are looked for.
    package var format: ToolFormat?
    package var tools: [Tool]
    package var reasoning: ReasoningMarks?
    package var beginsInReasoning = false
    /// The marks that are tokens of the model.
    package var tokens: [Int32: String] = [:]
    /// Calls have ids of nine letters and digits.
    package var hasShortIDs = false
    /// Whether a reply may hold several calls.
    package var isParallel = true
    /// Whether thoughts are sent at all.
    package var showsReasoning = true

    package init(format: ToolFormat?, tools: [Tool], reasoning: ReasoningMarks?) {
        self.format = format
        self.tools = tools
        self.reasoning = reasoning
    }

    package var parser: OutputParser {
        OutputParser(
            format, tools: tools, reasoning: reasoning, beginsInReasoning: beginsInReasoning,
            tokens: Set(tokens.values))
    }

    /// An id that no other call has.
    package var newID: String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        func random(_ count: Int) -> String {
            String((0..<count).compactMap { _ in letters.randomElement() })
        }
        return hasShortIDs ? random(9) : "call_" + random(24)
    }
}

extension OutputParser {
    /// The marks that may be tokens of a vocabulary: those that look like control tokens.
    package static func tokenMarks(_ format: ToolFormat?, _ reasoning: ReasoningMarks?) -> [String]
    {
        marks(format, reasoning).filter { mark in
            mark.utf8.count > 3 && (mark.hasPrefix("<") || mark.hasPrefix("["))
                && (mark.hasSuffix(">") || mark.hasSuffix("]"))
        }
    }
}

extension ToolFormat {
    /// Tokens that end a message with a call, which not every vocabulary says of them.
    package var ends: [String] {
        switch self {
        case .harmony: ["<|call|>", "<|return|>"]
        case .llama: ["<|eom_id|>"]
        case .glm4, .glm45: ["<|observation|>"]
        default: []
        }
    }
}
