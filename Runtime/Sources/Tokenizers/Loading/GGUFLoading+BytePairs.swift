/// Byte pairs, merged in the order of a list.
extension GGUFLoading {
    func bytePairs() throws -> any Tokenizer {
        let pre = try file.publishedPreTokenizer ?? .fallback
        return pre.spelling == .bytes ? try byteLevel(pre) : try characterLevel(pre)
    }

    private func byteLevel(_ pre: PublishedPreTokenizer) throws -> any Tokenizer {
        var tokens = tokens
        tokens.spellAsBytes()
        let special = try specialTokens(bos: nil, eos: nil)
        tokens = tokens.withholding(special.guarded, byteLevel: true)
        let table = try TokenTable(tokens.spellings) { tokens.isOfModel[$0] }
        let template = try template(special, addsBOS: pre.addsBOS)
        let normalizer = pre.composes ? CanonicalForm(composes: true) : nil
        return TextPipeline(
            vocabulary: TokenizerVocabulary(
                tokens, PieceDecoder(byteLevel: true), special, template),
            notes: notes,
            added: try added(tokens, normalizer, special),
            normalizer: normalizer,
            preTokenizer: try pre.preTokenizer(),
            model: BPE(
                alphabet: .bytes((0...255).map { table.find([$0].span) ?? -1 }),
                rule: try RankedMerges(try mergePairs(), table, byteLevel: true, withheld: tokens),
                wholeWords: pre.ignoresMerges ? table : nil),
            template: template)
    }

    /// Merges characters as they are; those without a token as their bytes.
    private func characterLevel(_ pre: PublishedPreTokenizer) throws -> any Tokenizer {
        var tokens = tokens
        tokens.markBytes()
        let special = try specialTokens(bos: nil, eos: nil)
        tokens = tokens.withholding(special.guarded)
        let table = try TokenTable(tokens.spellings, where: tokens.isPiece)
        let template = try template(
            special, addsBOS: pre.addsBOS, always: pre.alwaysAddsBOS)
        let normalizer = normalizer(of: pre)
        return TextPipeline(
            vocabulary: TokenizerVocabulary(
                tokens, pre.spelling == .marks ? .metaspace(spacePrefix: false) : PieceDecoder(),
                special, template),
            notes: notes,
            added: try added(tokens, normalizer, special),
            normalizer: normalizer,
            preTokenizer: try pre.preTokenizer(),
            model: BPE(
                alphabet: .characters(
                    table,
                    fallback: .init(
                        bytes: tokens.byteIDs,
                        unknown: try checked(file.unknown, "unknown_token_id"),
                        fusesUnknown: false)),
                rule: try RankedMerges(try mergePairs(), table, byteLevel: false, withheld: tokens),
                wholeWords: pre.joinsLineFeeds ? try lineFeeds(tokens) : nil),
            template: template)
    }

    private func normalizer(of pre: PublishedPreTokenizer) -> (any Normalizer)? {
        if pre.spelling == .marks {
            return Replace(target: [UInt8(ascii: " ")], replacement: Metaspace.mark)
        }
        return file.lowercases == true ? Lowercase() : nil
    }

    /// The tokens that consist only of line feeds, which no merges lead to.
    private func lineFeeds(_ tokens: TokenList) throws -> TokenTable {
        try TokenTable(tokens.spellings) { id in
            tokens.isPiece(id) && !tokens.spellings[id].isEmpty
                && tokens.spellings[id].allSatisfy { $0 == UInt8(ascii: "\n") }
        }
    }

    private func mergePairs() throws -> ByteStrings {
        guard let merges = file.merges else {
            throw TokenizerError.missing(key: "tokenizer.ggml.merges")
        }
        var pairs = ByteStrings()
        pairs.reserveCapacity(2 * merges.count, bytes: merges.bytes.count)
        for merge in 0..<merges.count
        where !merges.withSpan(merge, { pairs.appendPair($0) }) {
            throw TokenizerError.invalid(
                key: "tokenizer.ggml.merges[\(merge)]", found: "'\(merges.text(merge))'",
                expected: "two tokens with a space between them")
        }
        return pairs
    }
}

extension GGUFVocabulary {
    /// What `pre` names; nil if there is no such key, and for other models than byte pairs.
    ///
    /// - Throws: ``TokenizerError/unknownPreTokenizer(_:)``
    var publishedPreTokenizer: PublishedPreTokenizer? {
        get throws {
            let name: String? =
                switch model {
                case "gpt2": pre
                // These imply their own.
                case "gemma4", "whitespace": model
                default: nil
                }
            guard let name else { return nil }
            guard let published = PublishedPreTokenizer.named(name) else {
                throw TokenizerError.unknownPreTokenizer(name)
            }
            return published
        }
    }
}
