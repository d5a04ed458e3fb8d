/// Byte-pair encoding, Sennrich et al. 2016 (arXiv:1508.07909): a word starts as its characters,
/// and the best pair of neighbours becomes one token until no pair can be merged.
///
/// A linked list of symbols and a priority queue of candidate merges: a word of n characters costs at
/// most 3n candidates, O(n log n) time.
struct BPE<Rule: MergeRule>: Model {
    /// What a word is split into before the first merge.
    let alphabet: BPEAlphabet
    let rule: Rule
    /// Looks a whole word up before merging, if the vocabulary asks for it (`ignore_merges`).
    let wholeWords: TokenTable?

    struct Workspace {
        var symbols: [BPESymbol] = []
        var queue = MergeQueue()
        var steps = 0
    }

    func makeWorkspace() -> Workspace { Workspace() }

    func steps(_ workspace: Workspace) -> Int { workspace.steps }

    func encode(
        _ word: Span<UInt8>, into tokens: inout TokenWriter, using workspace: inout Workspace
    ) {
        if let id = wholeWords?.find(word) { return tokens.append(id, word.indices) }
        alphabet.cut(word, into: &workspace.symbols)
        mergeAll(word, &workspace)
        alphabet.write(workspace.symbols, of: word, into: &tokens)
    }

    private func mergeAll(_ word: Span<UInt8>, _ workspace: inout Workspace) {
        for left in workspace.symbols.indices.dropLast() {
            if let candidate = candidate(at: left, word, workspace.symbols) {
                workspace.queue.collect(candidate)
            }
        }
        workspace.queue.order()
        while let best = workspace.queue.removeFirst() {
            workspace.steps += 1
            merge(best, word, &workspace)
        }
    }

    /// The merge of symbol `left` with its right neighbour, if there is one.
    private func candidate(
        at left: Int, _ word: Span<UInt8>, _ symbols: [BPESymbol]
    ) -> MergeQueue.Candidate? {
        let next = symbols[left].next
        guard next >= 0 else { return nil }
        let right = symbols[Int(next)]
        guard let (rank, id) = rule.merge(symbols[left], right, in: word) else { return nil }
        return MergeQueue.Candidate(rank: rank, left: UInt32(left), end: right.end, id: id)
    }

    /// Performs `candidate`, unless an earlier merge took one of its symbols: then the left one is
    /// gone or ends elsewhere, since symbols only grow.
    private func merge(
        _ candidate: MergeQueue.Candidate, _ word: Span<UInt8>, _ workspace: inout Workspace
    ) {
        let left = Int(candidate.left)
        let symbol = workspace.symbols[left]
        guard symbol.start < symbol.end, symbol.next >= 0 else { return }
        let right = Int(symbol.next)
        guard workspace.symbols[right].end == candidate.end else { return }

        let next = workspace.symbols[right].next
        workspace.symbols[left].end = candidate.end
        workspace.symbols[left].next = next
        workspace.symbols[left].id = candidate.id
        workspace.symbols[right].start = candidate.end
        if next >= 0 { workspace.symbols[Int(next)].previous = candidate.left.asIndex }

        if let pair = self.candidate(at: left, word, workspace.symbols) {
            workspace.queue.insert(pair)
        }
        if symbol.previous >= 0,
            let pair = self.candidate(at: Int(symbol.previous), word, workspace.symbols)
        {
            workspace.queue.insert(pair)
        }
    }
}

extension UInt32 {
    fileprivate var asIndex: Int32 { Int32(bitPattern: self) }
}
