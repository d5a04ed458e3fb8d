/// Puts a tokenizer together from what all kinds of models have in common, and its model.
struct TokenizerAssembly {
    let file: TokenizerJSON
    let configuration: TokenizerConfiguration
    let decoder: PieceDecoder
    let tokens: TokenList
    let normalizer: (any Normalizer)?

    init(
        _ file: TokenizerJSON, _ configuration: TokenizerConfiguration, _ decoder: PieceDecoder,
        _ tokens: TokenList
    ) throws {
        self.file = file
        self.configuration = configuration
        self.decoder = decoder
        self.tokens = tokens
        normalizer = try file.normalizer.map(Normalizers.make)
    }

    /// The tokens of a file, which the model's options may say more of.
    static func tokens(of file: TokenizerJSON) throws -> TokenList {
        try TokenList(file.model.tokens, ids: file.model.ids, added: file.addedTokens)
    }

    /// - Parameter find: the id of a token of the model.
    func tokenizer<Words: Model>(
        _ model: Words, _ preTokenizer: (any PreTokenizer)?, find: (String) -> Int32?
    ) throws -> any Tokenizer {
        var notes: [String] = []
        let special = specialTokens(&notes, find)
        let template = try template(special)
        return TextPipeline(
            vocabulary: TokenizerVocabulary(tokens, decoder, special, template),
            notes: notes,
            added: AddedTokenSearch(
                file.addedTokens, normalizer: normalizer, ends: special.ends),
            normalizer: normalizer,
            preTokenizer: preTokenizer,
            model: model,
            template: template)
    }

    /// The id of the token that an option of the model names.
    func id(option key: String, find: (String) -> Int32?) throws -> Int32? {
        try file.model.options.optional(key).map { node in
            guard let id = find(try node.string) else {
                throw TokenizerError.invalid(
                    key: node.path, found: "'\(try node.string)'", expected: "a token")
            }
            return id
        }
    }
}

extension TokenizerAssembly {
    private func specialTokens(
        _ notes: inout [String], _ find: (String) -> Int32?
    ) -> SpecialTokens {
        var special = SpecialTokens()
        let named = [
            configuration.bosName, configuration.eosName, configuration.padName,
        ].map { name in name.flatMap { id(named: $0, find) } }
        let ends = configuration.endIDs.filter { $0 < tokens.count }
        if ends.count < configuration.endIDs.count {
            notes.append("'eos_token_id' names ids outside the vocabulary; they are left out")
        }
        special.bos =
            named[0] ?? configuration.bosID.flatMap { $0 < tokens.count ? Int32($0) : nil }
        special.eos = named[1] ?? ends.first.map { Int32($0) }
        special.pad = named[2]
        special.ends = Set(ends.map { Int32($0) })
        special.addWellKnown(tokens)
        return special
    }

    private func id(named name: String, _ find: (String) -> Int32?) -> Int32? {
        let bytes = Array(name.utf8)
        return file.addedTokens.first { $0.content == bytes }?.id ?? find(name)
    }

    /// The template of the file, but that `add_bos_token` and `add_eos_token` overrule it.
    private func template(_ special: SpecialTokens) throws -> Template {
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
