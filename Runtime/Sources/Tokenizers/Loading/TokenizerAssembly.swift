/// Assembles a tokenizer from its model and the parts common to all kinds of models.
struct TokenizerAssembly {
    let file: TokenizerJSON
    let configuration: TokenizerConfiguration
    let decoder: PieceDecoder
    /// Of these, the model produces those that text may become.
    let tokens: TokenList
    let normalizer: (any Normalizer)?
    private let special: SpecialTokens
    private let notes: [String]

    init(
        _ file: TokenizerJSON, _ configuration: TokenizerConfiguration, _ decoder: PieceDecoder,
        _ tokens: TokenList, byteLevel: Bool = false
    ) throws {
        self.file = file
        self.configuration = configuration
        self.decoder = decoder
        normalizer = try file.normalizer.map(Normalizers.make)
        (special, notes) = Self.specialTokens(file, configuration, tokens)
        self.tokens = tokens.withholding(special.guarded, byteLevel: byteLevel)
    }

    /// The tokens of a file; the model's options may add to them.
    static func tokens(of file: TokenizerJSON) throws -> TokenList {
        try TokenList(file.model.tokens, ids: file.model.ids, added: file.addedTokens)
    }

    func tokenizer<Words: Model>(
        _ model: Words, _ preTokenizer: (any PreTokenizer)?
    ) throws -> any Tokenizer {
        let template = try template()
        return TextPipeline(
            vocabulary: TokenizerVocabulary(tokens, decoder, special, template),
            notes: notes,
            added: AddedTokenSearch(
                try file.addedTokens + tokens.withheld(special.ends, besides: file.addedTokens),
                normalizer: normalizer, guarded: special.guarded),
            normalizer: normalizer,
            preTokenizer: preTokenizer,
            model: model,
            template: template)
    }

    /// The id of the token that an option of the model names.
    func id(option key: String) throws -> Int32? {
        try file.model.options.optional(key).map { node in
            guard let id = tokens.find(try node.string) else {
                throw TokenizerError.invalid(
                    key: node.path, found: "'\(try node.string)'", expected: "a token")
            }
            return id
        }
    }
}

extension TokenizerAssembly {
    private static func specialTokens(
        _ file: TokenizerJSON, _ configuration: TokenizerConfiguration, _ tokens: TokenList
    ) -> (SpecialTokens, notes: [String]) {
        var special = SpecialTokens()
        var notes: [String] = []
        let named = [
            configuration.bosName, configuration.eosName, configuration.padName,
        ].map { name in
            name.flatMap { name in
                file.addedTokens.first { $0.content.elementsEqual(name.utf8) }?.id
                    ?? tokens.find(name)
            }
        }
        let ends = configuration.endIDs.filter { $0 < tokens.count }
        if ends.count < configuration.endIDs.count {
            notes.append("'eos_token_id' names ids outside the vocabulary; they are left out")
        }
        special.bos =
            named[0] ?? configuration.bosID.flatMap { $0 < tokens.count ? Int32($0) : nil }
        special.eos = named[1] ?? ends.first.map { Int32($0) }
        special.pad = named[2]
        special.ends = Set(ends.map { Int32($0) })
        special.addWellKnown(tokens, chatTemplate: configuration.chatTemplate)
        return (special, notes)
    }

    /// The template of the file, overruled by `add_bos_token` and `add_eos_token`.
    private func template() throws -> Template {
        var template =
            try file.postProcessor.map { try Template($0, idCount: tokens.count) } ?? Template()
        if let adds = configuration.addsBOS, let bos = special.bos {
            template.setFirst(bos, adds)
        }
        if let adds = configuration.addsEOS, let eos = special.eos {
            template.setLast(eos, adds)
        }
        return template
    }
}
