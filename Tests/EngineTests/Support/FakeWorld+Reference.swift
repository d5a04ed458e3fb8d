extension FakeWorld {
    /// The plain version of greedy generation: one sequence, no batch.
    ///
    /// - Parameter source: what an encoder-decoder has read; the fake model's logits are a hash of both.
    func greedy(_ prompt: [Int32], of source: [Int32] = [], count: Int) -> [Int32] {
        var tokens = source + prompt
        for _ in 0..<count {
            let row = logits(after: tokens)
            let best = row.indices.max { (row[$0], -$0) < (row[$1], -$1) } ?? 0
            tokens.append(Int32(best))
        }
        return Array(tokens[(source.count + prompt.count)...])
    }
}

extension Sequence {
    func asyncMap<Result>(
        _ transform: (Element) async throws -> Result
    ) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
