/// A unigram language model, Kudo 2018 (arXiv:1804.10959): of all ways to split a word into pieces,
/// the one with the highest sum of scores, by the Viterbi algorithm.
///
/// A word of n bytes takes n walks through the trie, each at most as long as the longest piece.
struct Unigram: Model {
    let pieces: PieceTrie
    private let first: PieceTrie.Start
    /// The score of each id.
    let scores: [Double]
    /// Stands for characters that are no piece.
    let unknown: Int32?
    /// The id of every byte, -1 where the vocabulary has none; empty if bytes stand for nothing.
    let bytes: [Int32]
    /// The score of an unknown character: ten below any piece's.
    private let unknownScore: Double

    /// - Parameter least: the lowest score, if it is not that of all ids.
    init(
        _ pieces: PieceTrie, scores: [Double], unknown: Int32?, bytes: [Int32],
        least: Double? = nil
    ) {
        self.pieces = pieces
        first = pieces.start
        self.scores = scores
        self.unknown = unknown
        self.bytes = bytes
        unknownScore = (least ?? scores.min() ?? 0) - 10
    }

    /// The best way to split the beginning of a word that ends at one byte.
    struct Best {
        var score = 0.0
        /// Where its last piece begins; -1: no way ends here.
        var start: Int32 = -1
        /// Its last piece; -1 for an unknown character.
        var id: Int32 = -1
    }

    struct Workspace {
        var best: [Best] = []
        /// The pieces of the best split, the last first.
        var path: [(id: Int32, range: Range<Int>)] = []
        var steps = 0
    }

    func makeWorkspace() -> Workspace { Workspace() }

    func steps(_ workspace: Workspace) -> Int { workspace.steps }

    func encode(
        _ word: Span<UInt8>, into tokens: inout TokenWriter, using workspace: inout Workspace
    ) {
        findBest(word, &workspace)
        collectPath(to: word.count, &workspace)
        for (id, range) in workspace.path.reversed() {
            if id >= 0 {
                tokens.append(id, range)
            } else {
                writeUnknown(range, of: word, into: &tokens)
            }
        }
    }

    private func findBest(_ word: Span<UInt8>, _ workspace: inout Workspace) {
        workspace.best.removeAll(keepingCapacity: true)
        workspace.best.append(contentsOf: repeatElement(Best(), count: word.count + 1))
        var start = 0
        while start < word.count {
            let before = workspace.best[start].score
            let next = UTF8Runs.endOfCharacter(in: word, at: start)
            var isPiece = false
            pieces.forEachPiece(in: word, from: start, behind: first) { id, end in
                workspace.steps += 1
                isPiece = isPiece || end == next
                Self.offer(before + scores[Int(id)], start, id, &workspace.best[end])
            }
            if !isPiece { Self.offer(before + unknownScore, start, -1, &workspace.best[next]) }
            start = next
        }
    }

    /// Of equal scores the one found first stays: that with the longer last piece.
    private static func offer(_ score: Double, _ start: Int, _ id: Int32, _ best: inout Best) {
        guard best.start < 0 || score > best.score else { return }
        best = Best(score: score, start: Int32(start), id: id)
    }

    /// Neighbouring unknown characters become one.
    private func collectPath(to end: Int, _ workspace: inout Workspace) {
        workspace.path.removeAll(keepingCapacity: true)
        var end = end
        while end > 0 {
            let best = workspace.best[end]
            let start = Int(best.start)
            if best.id < 0, let last = workspace.path.last, last.id < 0 {
                workspace.path[workspace.path.count - 1].range = start..<last.range.upperBound
            } else {
                workspace.path.append((best.id, start..<end))
            }
            end = start
        }
    }

    /// Unknown characters together may be a piece, be written as bytes, or stay unknown.
    private func writeUnknown(
        _ range: Range<Int>, of word: Span<UInt8>, into tokens: inout TokenWriter
    ) {
        if let id = pieces.find(Array(copying: word.extracting(range))) {
            tokens.append(id, range)
        } else if !bytes.isEmpty, range.allSatisfy({ bytes[Int(word[$0])] >= 0 }) {
            for i in range { tokens.append(bytes[Int(word[i])], range) }
        } else if let unknown {
            tokens.append(unknown, range)
        }
    }
}
