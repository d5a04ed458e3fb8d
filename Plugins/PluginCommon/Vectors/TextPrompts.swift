public import PluginKit
public import Tokenizers

/// What a model puts before texts, and how much of it its vectors leave out.
public struct TextPrompts: Sendable {
    public let prompts: SentenceLayout.Prompts
    private let lowercases: Bool
    /// The tokens of each prompt that are excluded from the vector.
    private let unpooled: [String: Int]

    public init(_ layout: SentenceLayout, _ tokenizer: any Tokenizer) throws {
        prompts = layout.prompts
        lowercases = layout.lowercases
        unpooled =
            layout.excludesPrompt
            ? try Self.lengths(of: prompts, tokenizer, lowercased: lowercases) : [:]
    }

    /// A text with the model's prefix, spelled as the model was trained.
    public func callAsFunction(_ text: String, _ flags: EmbedFlags) -> String {
        let whole = prompt(flags) + text
        return lowercases ? whole.lowercased() : whole
    }

    /// How many tokens at the beginning of a text are read but excluded from its vector.
    public func unpooledTokens(_ flags: EmbedFlags) -> Int { unpooled[prompt(flags)] ?? 0 }

    private func prompt(_ flags: EmbedFlags) -> String {
        flags.contains(.query)
            ? prompts.query : flags.contains(.passage) ? prompts.passage : prompts.other
    }

    /// The tokens of each prompt, including the one that begins every text but not the one that
    /// ends it.
    private static func lengths(
        of prompts: SentenceLayout.Prompts, _ tokenizer: any Tokenizer, lowercased: Bool
    ) throws -> [String: Int] {
        var lengths: [String: Int] = [:]
        for prompt in [prompts.query, prompts.passage, prompts.other] where !prompt.isEmpty {
            let ids = try tokenizer.encode(
                lowercased ? prompt.lowercased() : prompt, maxLength: nil, addSpecial: true,
                parseSpecial: true
            ).ids
            let ends = ids.last.map { tokenizer.vocabulary.attributes[Int($0)].contains(.control) }
            lengths[prompt] = ids.count - (ends == true ? 1 : 0)
        }
        return lengths
    }
}
