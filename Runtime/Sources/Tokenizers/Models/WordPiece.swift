/// WordPiece as in BERT, Devlin et al. 2019 (arXiv:1810.04805): of the pieces that begin a word the
/// longest, then of those that continue it the longest, to its end.
///
/// A word of n characters takes at most n walks through the trie, and words are bounded.
struct WordPiece: Model {
    private let pieces: PieceTrie
    private let first: PieceTrie.Start
    /// The trie node of the pieces that continue a word; nil if there are none.
    private let next: PieceTrie.Start?
    /// Stands for a word that cannot be split into pieces.
    let unknown: Int32
    /// A word of more characters is unknown.
    let longestWord: Int

    /// - Parameter prefix: the prefix of pieces that continue a word, "##".
    init(_ pieces: PieceTrie, prefix: [UInt8], unknown: Int32, longestWord: Int) {
        self.pieces = pieces
        first = pieces.start
        next = pieces.start(behind: prefix)
        self.unknown = unknown
        self.longestWord = longestWord
    }

    struct Workspace {
        var steps = 0
    }

    func makeWorkspace() -> Workspace { Workspace() }

    func steps(_ workspace: Workspace) -> Int { workspace.steps }

    func encode(
        _ word: Span<UInt8>, into tokens: inout TokenWriter, using workspace: inout Workspace
    ) {
        let count = tokens.count
        guard !isTooLong(word), cut(word, into: &tokens, &workspace) else {
            tokens.removeLast(tokens.count - count)
            return tokens.append(unknown, word.indices)
        }
    }

    /// - Returns: false if no piece continues the word.
    private func cut(
        _ word: Span<UInt8>, into tokens: inout TokenWriter, _ workspace: inout Workspace
    ) -> Bool {
        var start = 0
        while start < word.count {
            guard let pieces = start == 0 ? first : next else { return false }
            var longest: (id: Int32, end: Int) = (-1, start)
            self.pieces.forEachPiece(in: word, from: start, behind: pieces) { longest = ($0, $1) }
            guard longest.id >= 0 else { return false }
            tokens.append(longest.id, start..<longest.end)
            workspace.steps += 1
            start = longest.end
        }
        return true
    }

    private func isTooLong(_ word: Span<UInt8>) -> Bool {
        guard word.count > longestWord else { return false }
        var characters = 0
        for i in word.indices where word[i] & 0xC0 != 0x80 { characters += 1 }
        return characters > longestWord
    }
}
