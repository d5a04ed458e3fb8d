extension FakeWorld {
    /// The plain version of greedy generation: one sequence, no batch.
    ///
    /// - Parameters:
    ///   - source: what an encoder-decoder has read; the fake model's logits are a hash of both.
    ///   - shift: the adapter's.
    func greedy(
        _ prompt: [Int32], of source: [Int32] = [], shift: Int32 = 0, count: Int
    ) -> [Int32] {
        var tokens = source + prompt.map { Self.fed($0, shift) }
        var output: [Int32] = []
        for _ in 0..<count {
            let row = logits(after: tokens)
            let best = Int32(row.indices.max { (row[$0], -$0) < (row[$1], -$1) } ?? 0)
            tokens.append(Self.fed(best, shift))
            output.append(best)
        }
        return output
    }

    /// What a token counts for in a row of an adapter.
    static func fed(_ token: Int32, _ shift: Int32) -> Int32 { token + 1000 * shift }
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
