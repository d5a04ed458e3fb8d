/// The marks around what a model thinks before it answers.
package struct ReasoningMarks: Sendable, Hashable {
    package var start: String
    package var end: String
    /// What is around the answer, and not part of it.
    var silent: [String] = []

    /// Those of published models, the more particular ones first.
    private static let known = [
        ReasoningMarks(
            start: "<|START_THINKING|>", end: "<|END_THINKING|>",
            silent: ["<|START_RESPONSE|>", "<|END_RESPONSE|>"]),
        ReasoningMarks(start: "[THINK]", end: "[/THINK]"),
        ReasoningMarks(start: "<seed:think>", end: "</seed:think>"),
        ReasoningMarks(start: "<thought>", end: "</thought>"),
        ReasoningMarks(start: "<think>", end: "</think>"),
    ]

    /// Those that a chat template writes or reads; nil for none.
    package init?(template source: String) {
        guard let marks = Self.known.first(where: { source.contains($0.end) }) else { return nil }
        self = marks
        if source.contains("<response>") { silent = ["<response>", "</response>"] }
    }

    /// Those that a model's description gives.
    ///
    /// - Parameter start: empty where the prompt ends with it.
    package init(start: String, end: String) {
        self.init(start: start, end: end, silent: [])
    }

    private init(start: String, end: String, silent: [String]) {
        self.start = start
        self.end = end
        self.silent = silent
    }

    /// Whether an output after this prompt begins within the thoughts.
    package func isOpen(after prompt: String) -> Bool {
        var end = prompt.utf8.endIndex
        while end > prompt.utf8.startIndex {
            let before = prompt.utf8.index(before: end)
            guard prompt.utf8[before].isSpace else { break }
            end = before
        }
        return prompt.utf8[..<end].reversed().starts(with: start.utf8.reversed())
    }
}
