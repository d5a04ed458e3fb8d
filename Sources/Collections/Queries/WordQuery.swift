/// What is typed, as a query of SQLite's FTS5. Its operators have no meaning here: every word is
/// quoted, and nothing that is typed can be a mistake.
struct WordQuery: Sendable, Equatable {
    /// The words, each in quotes; the last one may be the beginning of one.
    let terms: [String]

    private static let most = 64

    /// - Returns: nil if there is no word.
    init?(_ text: String) {
        let words = Self.words(text)
        guard let last = words.last else { return nil }
        // A word that is still being typed is the beginning of one.
        let endsInWord = text.unicodeScalars.last.map(Self.isWord) ?? false
        terms = words.dropLast() + [last + (endsInWord ? "*" : "")]
    }

    /// Rows with all of the words.
    var all: String { terms.joined(separator: " ") }

    /// Rows with any of some words.
    static func any(of terms: [String]) -> String { terms.joined(separator: " OR ") }

    /// The words as the tokenizer `unicode61` would find them, each in quotes.
    private static func words(_ text: String) -> [String] {
        var seen: Set<String> = []
        return text.unicodeScalars.split { !isWord($0) }.prefix(most)
            .map { "\"\(String(String.UnicodeScalarView($0)))\"" }
            .filter { seen.insert($0).inserted }
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber, .privateUse, .nonspacingMark:
            true
        default: false
        }
    }
}
