/// The added tokens to search for: in the original or in the normalized text, with or without the
/// special ones.
struct AddedTokenSearch: Sendable {
    private let original: (all: AddedTokens, plain: AddedTokens)
    private let normalized: (all: AddedTokens, plain: AddedTokens)

    /// - Parameter guarded: tokens that count as special whatever the file says.
    init(_ tokens: [AddedToken], normalizer: (any Normalizer)?, guarded: Set<Int32>) {
        let tokens = tokens.map { token in
            var token = token
            token.special = token.special || guarded.contains(token.id)
            return token
        }
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

    /// Whether some special token is looked for in normalized text.
    var normalizesSpecial: Bool { normalized.all.count > normalized.plain.count }
}
