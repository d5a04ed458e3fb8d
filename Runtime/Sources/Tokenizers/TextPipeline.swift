/// A tokenizer as a chain: added tokens, normalizer, pre-tokenizer, model, template.
struct TextPipeline<Words: Model>: Tokenizer {
    let vocabulary: TokenizerVocabulary
    let notes: [String]
    let added: AddedTokenSearch
    let normalizer: (any Normalizer)?
    let preTokenizer: (any PreTokenizer)?
    let model: Words
    let template: Template

    func encode(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool
    ) throws -> [Int32] {
        try encodeCountingSteps(text, addSpecial: addSpecial, parseSpecial: parseSpecial).ids
    }

    func encodeCountingSteps(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool
    ) throws -> (ids: [Int32], steps: Int) {
        guard text.count <= Int(Int32.max) else {
            throw TokenizerError.textTooLong(bytes: text.count, limit: Int(Int32.max))
        }
        var writer = Writer(workspace: model.makeWorkspace())
        if addSpecial { writer.ids += template.prefix }
        try added.original(parseSpecial).split(text) { part in
            switch part {
            case .token(let id): writer.ids.append(id)
            case .text(let range):
                try encodePlain(
                    text.extracting(range), beginsText: range.lowerBound == 0, parseSpecial, &writer
                )
            }
        }
        if addSpecial { writer.ids += template.suffix }
        return (writer.ids, model.steps(writer.workspace))
    }

    private struct Writer {
        var ids: [Int32] = []
        var workspace: Words.Workspace
    }

    /// Text between added tokens that are found in the original.
    private func encodePlain(
        _ text: Span<UInt8>, beginsText: Bool, _ parseSpecial: Bool, _ writer: inout Writer
    ) throws {
        if let normalized = normalizer?.normalize(text) {
            try encodeNormalized(normalized.span, beginsText: beginsText, parseSpecial, &writer)
        } else {
            try encodeNormalized(text, beginsText: beginsText, parseSpecial, &writer)
        }
    }

    private func encodeNormalized(
        _ text: Span<UInt8>, beginsText: Bool, _ parseSpecial: Bool, _ writer: inout Writer
    ) throws {
        try added.normalized(parseSpecial).split(text) { part in
            switch part {
            case .token(let id): writer.ids.append(id)
            case .text(let range):
                try encodeWords(
                    text.extracting(range), beginsText: beginsText && range.lowerBound == 0, &writer
                )
            }
        }
    }

    private func encodeWords(
        _ text: Span<UInt8>, beginsText: Bool, _ writer: inout Writer
    ) throws {
        guard let preTokenizer else {
            return model.encode(text, into: &writer.ids, using: &writer.workspace)
        }
        try preTokenizer.split(text, beginsText: beginsText) { word, _ in
            model.encode(word, into: &writer.ids, using: &writer.workspace)
        }
    }
}

/// The added tokens as they are searched for: in the original text or in the normalized, with the
/// special ones or without.
struct AddedTokenSearch: Sendable {
    private let original: (all: AddedTokens, plain: AddedTokens)
    private let normalized: (all: AddedTokens, plain: AddedTokens)

    init(_ tokens: [AddedToken], normalizer: (any Normalizer)?) {
        let original = tokens.filter { !$0.normalized }
        let normalized = tokens.filter(\.normalized).map { token in
            var token = token
            token.content = normalizer?.normalize(token.content.span) ?? token.content
            return token
        }
        self.original = (AddedTokens(original), AddedTokens(original.filter { !$0.special }))
        self.normalized = (AddedTokens(normalized), AddedTokens(normalized.filter { !$0.special }))
    }

    func original(_ parseSpecial: Bool) -> AddedTokens {
        parseSpecial ? original.all : original.plain
    }

    func normalized(_ parseSpecial: Bool) -> AddedTokens {
        parseSpecial ? normalized.all : normalized.plain
    }
}

/// What the tests of growth look at.
@_spi(Testing) public protocol StepCounting {
    func encodeCountingSteps(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool
    ) throws -> (ids: [Int32], steps: Int)
}

extension TextPipeline: StepCounting {}
