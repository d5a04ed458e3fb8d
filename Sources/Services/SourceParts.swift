/// Cuts a text that is longer than a model reads into parts that fit: between paragraphs if they
/// are long enough, else between sentences, else between words.
package struct SourceParts: Sendable {
    /// How many tokens a source may have.
    let limit: Int
    /// The number of tokens that a part takes as a source, prefix and special tokens included.
    let count: @Sendable (String) async throws -> Int

    package init(limit: Int, count: @escaping @Sendable (String) async throws -> Int) {
        self.limit = limit
        self.count = count
    }

    /// The most parts of one text.
    private static let most = 64

    /// The text has too many parts.
    package struct TooLong: Error, Equatable {
        package let tokens: Int
        package let most: Int

        package init(tokens: Int, most: Int) {
            self.tokens = tokens
            self.most = most
        }
    }

    /// - Throws: `TooLong`, and what `count` throws.
    package func parts(of text: String) async throws -> [String] {
        let whole = try await count(text)
        if whole <= limit { return [text] }
        guard whole <= limit * Self.most else {
            throw TooLong(tokens: whole, most: limit * Self.most)
        }
        return try await packed(try await pieces(of: text))
    }

    /// Joins as many pieces as fit. A paragraph end closes a part that is at least a quarter full:
    /// what follows has another subject.
    private func packed(_ pieces: [Piece]) async throws -> [String] {
        let own = try await count("")
        var parts: [String] = []
        var (part, tokens) = ("", own)
        for piece in pieces {
            if !part.isEmpty, tokens + piece.tokens > limit {
                parts.append(part)
                (part, tokens) = ("", own)
            }
            part += piece.text
            tokens += piece.tokens
            if piece.endsParagraph, tokens >= limit / 4 {
                parts.append(part)
                (part, tokens) = ("", own)
            }
        }
        return parts + (part.isEmpty ? [] : [part])
    }
}

// MARK: - Pieces

extension SourceParts {
    private struct Piece {
        let text: Substring
        /// Tokens of the text alone.
        let tokens: Int

        /// Whether an empty line follows.
        var endsParagraph: Bool {
            text.reversed().prefix(while: \.isWhitespace).count(where: \.isNewline) > 1
        }
    }

    /// The sentences; the words of a sentence that is too long alone; the halves of such a word.
    private func pieces(of text: String) async throws -> [Piece] {
        let own = try await count("")
        var pieces: [Piece] = []
        var rest = Array(Self.sentences(of: text).reversed())
        while let next = rest.popLast() {
            let tokens = try await count(String(next)) - own
            // A single character stays as it is.
            if own + tokens <= limit || next.count < 2 {
                pieces.append(Piece(text: next, tokens: tokens))
            } else {
                let words = Self.words(of: next)
                rest += (words.count > 1 ? words : Self.halves(of: next)).reversed()
            }
        }
        return pieces
    }

    /// Sentences with the following space: they end at a line end, or after a full stop, an
    /// exclamation or a question mark.
    package static func sentences(of text: String) -> [Substring] {
        var sentences: [Substring] = []
        var start = text.startIndex
        var (ends, isSpace) = (false, false)
        for index in text.indices {
            let character = text[index]
            if character.isWhitespace {
                isSpace = true
                if character.isNewline { ends = true }
                continue
            }
            if ends, isSpace {
                sentences.append(text[start..<index])
                start = index
            }
            // Quotes and brackets after the mark belong to the sentence.
            if !")]\"'”’»".contains(character) || isSpace {
                ends = ".!?…。！？".contains(character)
            }
            isSpace = false
        }
        return sentences + (start < text.endIndex ? [text[start...]] : [])
    }

    /// Words with the following space.
    private static func words(of piece: Substring) -> [Substring] {
        var words: [Substring] = []
        var (start, isSpace) = (piece.startIndex, false)
        for index in piece.indices {
            if isSpace, !piece[index].isWhitespace {
                words.append(piece[start..<index])
                start = index
            }
            isSpace = piece[index].isWhitespace
        }
        return words + [piece[start...]]
    }

    private static func halves(of piece: Substring) -> [Substring] {
        let middle = piece.index(piece.startIndex, offsetBy: piece.count / 2)
        return [piece[..<middle], piece[middle...]]
    }
}
