package import JSON

/// The text embedded for a row, which answers are also read from: its text columns, as sentences.
package enum EmbeddedText {
    /// Incremented when the rule changes: vectors of texts in another form are computed again.
    static let form = 2

    private static let ends: Set<Character> = [
        ".", "!", "?", "…", ":", ";", "。", "！", "？", "।", "؟",
    ]

    /// `Sourdough baking`, `How to keep a starter.` → `Sourdough baking. How to keep a starter.`
    package static func joined(_ parts: [String]) -> String {
        var text = ""
        for part in parts {
            let words = part.trimmingWhitespace
            guard !words.isEmpty else { continue }
            if let last = text.last { text += ends.contains(last) ? " " : ". " }
            text += words
        }
        return text
    }

    package static func of(_ row: JSONObject, columns: [String]) -> String {
        joined(columns.map { row[$0]?.embeddedText ?? "" })
    }
}

extension String {
    /// The text without whitespace at its ends.
    var trimmingWhitespace: Substring {
        guard let start = firstIndex(where: { !$0.isWhitespace }),
            let end = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return self[start...end]
    }
}
