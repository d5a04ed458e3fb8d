/// What a user types, as a query for SQLite's FTS5. FTS5's operators have no meaning here: every
/// word is quoted, so no input is a syntax error.
struct WordQuery: Sendable, Equatable {
    /// Rows with all of it: the words, and text without spaces character by character.
    let all: String
    /// What rows may have in part: the words, and pairs of characters, each in quotes.
    let terms: [String]

    private static let most = 64

    /// - Returns: nil if there is no word.
    init?(_ text: String) {
        var parts = Self.parts(text)
        guard let last = parts.popLast() else { return nil }
        // A word that is still being typed is a prefix.
        let endsInWord = text.unicodeScalars.last.map(Self.isWord) ?? false
        parts.append(endsInWord ? last.open : last)
        var seen: Set<String> = []
        all = parts.prefix(Self.most).map(\.phrase).filter { seen.insert($0).inserted }
            .joined(separator: " ")
        seen = []
        terms = Array(
            parts.flatMap(\.terms).filter { seen.insert($0).inserted }.prefix(Self.most))
    }

    /// Rows with any of some words.
    static func any(of terms: [String]) -> String { terms.joined(separator: " OR ") }

    /// A word, or a run of characters without spaces.
    private struct Part {
        var phrase: String
        var terms: [String]

        init(word: String) {
            phrase = "\"\(word)\""
            terms = [phrase]
        }

        /// A single character is the beginning of the pairs that start with it.
        init(run: String, pairs: [String]) {
            phrase = "\"\(run)\"" + (pairs.isEmpty ? "*" : "")
            terms = pairs.isEmpty ? [phrase] : pairs.map { "\"\($0)\"" }
        }

        /// Any word that begins this way.
        var open: Part {
            var part = self
            if !phrase.hasSuffix("*") {
                part.phrase += "*"
                part.terms[terms.count - 1] += "*"
            }
            return part
        }
    }

    private static func parts(_ text: String) -> [Part] {
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            ScriptRuns(bytes).flatMap { run -> [Part] in
                func string(_ range: Range<Int>) -> String {
                    String(decoding: bytes[range], as: UTF8.self)
                }
                guard !run.characters.isEmpty else { return words(string(run.range)) }
                let pairs = zip(run.characters, run.characters.dropFirst())
                    .map { string($0) + string($1) }
                return [Part(run: run.characters.map(string).joined(), pairs: pairs)]
            }
        }
    }

    /// The words as the tokenizer `unicode61` would split them.
    private static func words(_ text: String) -> [Part] {
        text.unicodeScalars.split { !isWord($0) }
            .map { Part(word: String(String.UnicodeScalarView($0))) }
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber, .privateUse, .nonspacingMark, .spacingMark:
            true
        default: false
        }
    }
}
