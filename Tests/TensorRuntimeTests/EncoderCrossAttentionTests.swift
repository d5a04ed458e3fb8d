import Glibc
import TensorRuntime
import Testing

@Suite struct EncoderCrossAttentionTests {
    private func rows(_ count: Int, heads: Int, size: Int, seed: UInt64) -> Tensor {
        var noise = Noise(seed)
        return Tensor(noise.floats(count * heads * size), [count, heads, size])
    }

    /// The equation, one number at a time.
    private func plain(_ q: Tensor, _ k: Tensor, _ v: Tensor, scale: Float) -> [Float] {
        let (heads, size) = (q.shape[1], q.shape[2])
        let (queries, keys, values) = (q.floats, k.floats, v.floats)
        var out = [Float](repeating: 0, count: queries.count)
        for i in 0..<q.shape[0] {
            for h in 0..<heads {
                let scores = (0..<k.shape[0]).map { j in
                    (0..<size).reduce(0.0) { sum, c in
                        let (a, b) = ((i * heads + h) * size + c, (j * heads + h) * size + c)
                        return sum + Double(queries[a]) * Double(keys[b])
                    } * Double(scale)
                }
                let weights = scores.map { exp($0 - (scores.max() ?? 0)) }
                let total = weights.reduce(0, +)
                for c in 0..<size {
                    let sum = weights.indices.reduce(0.0) {
                        $0 + weights[$1] * Double(values[($1 * heads + h) * size + c])
                    }
                    out[(i * heads + h) * size + c] = Float(sum / total)
                }
            }
        }
        return out
    }

    /// More queries than keys, fewer, and as many as need several pieces.
    @Test(arguments: [(5, 3), (3, 40), (700, 77), (1, 1)], [4, 10, 40])
    func manyMayLookAtFewAndFewAtMany(counts: (queries: Int, keys: Int), size: Int) throws {
        let q = rows(counts.queries, heads: 2, size: size, seed: 1)
        let k = rows(counts.keys, heads: 2, size: size, seed: 2)
        let v = rows(counts.keys, heads: 2, size: size, seed: 3)
        let found = try crossAttention(
            queries: q, keys: k, values: v, sequences: PackedSequences(lengths: [counts.queries]),
            memories: PackedSequences(lengths: [counts.keys]), scale: 0.3)
        #expect(found.shape == [counts.queries, 2 * size])
        #expect(distance(found.floats, plain(q, k, v, scale: 0.3)) < 1e-5)
    }

    @Test func eachSequenceLooksAtItsOwnMemory() throws {
        let (sequences, memories) = (
            PackedSequences(lengths: [300, 4]), PackedSequences(lengths: [7, 20])
        )
        let q = rows(304, heads: 3, size: 8, seed: 1)
        let (k, v) = (rows(27, heads: 3, size: 8, seed: 2), rows(27, heads: 3, size: 8, seed: 3))
        let together = try crossAttention(
            queries: q, keys: k, values: v, sequences: sequences, memories: memories, scale: 1)
        for index in 0..<2 {
            let (part, memory) = (sequences[index], memories[index])
            let alone = try crossAttention(
                queries: q.rows(part), keys: k.rows(memory), values: v.rows(memory),
                sequences: sequences[index..<index + 1], memories: memories[index..<index + 1],
                scale: 1)
            #expect(alone.floats == together.rows(part).floats)
        }
    }

    @Test func memoriesThatDoNotFitAreRefused() {
        let x = rows(4, heads: 1, size: 4, seed: 1)
        for lengths in [[3], [4, 0], [2, 2]] {
            #expect(throws: TensorError.self) {
                try crossAttention(
                    queries: x, keys: x, values: x, sequences: PackedSequences(lengths: [4]),
                    memories: PackedSequences(lengths: lengths), scale: 1)
            }
        }
    }
}
