/// Added tokens with which a chat template addresses the model although their file does not call
/// them control tokens, such as `<think>`, `<tool_call>` or a `<|user|>`.
///
/// They are text when the model writes them. In a text that came with a request they are plain
/// characters; otherwise a retrieved passage could open the model's turn.
enum TemplateWords {
    /// - Returns: the tokens of `tokens` that `template` spells, and those named as only control
    ///   tokens are: templates compose such names, `'<|' + message.role + '|>'`.
    static func ids(in template: String, _ tokens: TokenList) -> Set<Int32> {
        let candidates = (0..<tokens.count).filter {
            tokens.kinds[$0] == .userDefined && isName(tokens.spellings[$0])
        }
        .map { AddedToken(id: Int32($0), content: Array(tokens.spellings[$0])) }
        var ids = Set(candidates.filter { isDelimited($0.content) }.map(\.id))
        AddedTokens(candidates).split(template.utf8.span) { part in
            if case .token(let id, _) = part { ids.insert(id) }
        }
        return ids
    }

    /// A name has letters or digits and punctuation around them. Runs of blanks, which templates
    /// also contain, and plain words are as legitimate in a request as elsewhere.
    private static func isName(_ spelling: ArraySlice<UInt8>) -> Bool {
        let scalars = String(decoding: spelling, as: UTF8.self).unicodeScalars
        return scalars.contains { $0.properties.isAlphabetic || $0.properties.numericType != nil }
            && scalars.contains {
                !$0.properties.isAlphabetic && $0.properties.numericType == nil
                    && !$0.properties.isWhitespace && $0 != "\u{2581}"
            }
    }

    /// Whether it is written `<|…|>`, or with the wide bars of DeepSeek.
    private static func isDelimited(_ spelling: [UInt8]) -> Bool {
        [("<|", "|>"), ("<｜", "｜>")].contains { opening, closing in
            spelling.starts(with: opening.utf8)
                && spelling.reversed().starts(with: closing.utf8.reversed())
        }
    }
}
