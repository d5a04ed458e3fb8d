/// Finds what a misspelt word was probably meant to be.
enum NearestName {
    /// Names are shorter, in bytes; comparing takes the product of the lengths.
    private static let longest = 128

    /// - Returns: the candidate within a third of the word's length in edits, or nil.
    static func of(_ word: String, among candidates: some Sequence<String>) -> String? {
        guard word.utf8.count <= longest else { return nil }
        let ranked = candidates.map { (name: $0, edits: edits(word, $0)) }
        guard let best = ranked.min(by: { $0.edits < $1.edits }) else { return nil }
        return best.edits <= max(1, word.count / 3) ? best.name : nil
    }

    /// The number of insertions, removals, substitutions and swaps of neighbours between two words
    /// (optimal string alignment distance).
    static func edits(_ left: String, _ right: String) -> Int {
        let a = Array(left.lowercased())
        let b = Array(right.lowercased())
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                let changed = rows[i][j] + (a[i] == b[j] ? 0 : 1)
                var best = min(changed, rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
