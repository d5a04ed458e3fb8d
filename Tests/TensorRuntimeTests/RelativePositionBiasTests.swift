import Foundation
import TensorRuntime
import Testing

@Suite struct RelativePositionBiasTests {
    /// What transformers computes; made by the script named in the file.
    private struct Golden: Decodable {
        struct Table: Decodable {
            let bidirectional: Bool
            let numBuckets: Int
            let maxDistance: Int
            let relativePositionFrom: Int
            let relativePositionTo: Int
            let bucket: [Int]
        }
        let tables: [Table]
    }

    @Test func bucketsAreTheReferences() throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let url = Fixtures.committed("t5-tiny/buckets.json")
        let golden = try decoder.decode(Golden.self, from: Data(contentsOf: url))
        #expect(golden.tables.count == 4)
        for table in golden.tables {
            let buckets = RelativePositionBias.Buckets(
                count: table.numBuckets, maxDistance: table.maxDistance,
                looksBothWays: table.bidirectional)
            let distances = table.relativePositionFrom...table.relativePositionTo
            #expect(distances.map { buckets[$0] } == table.bucket)
        }
    }

    @Test func farDistancesShareTheLastBucket() {
        let one = RelativePositionBias.Buckets(count: 8, maxDistance: 20, looksBothWays: false)
        #expect([0, 5, 1000].map { one[$0] } == [0, 0, 0])
        #expect([-1, -3, -4, -20, -1_000_000].map { one[$0] } == [1, 3, 4, 7, 7])
        let both = RelativePositionBias.Buckets(count: 8, maxDistance: 20, looksBothWays: true)
        #expect([-1_000_000, -1, 0, 1, 1_000_000].map { both[$0] } == [3, 1, 0, 5, 7])
    }

    /// A row of the table for each head's number: head h of bucket b has 10 b + h.
    @Test func aHeadsNumberIsThatOfTheBucket() throws {
        let table = Tensor((0..<8).flatMap { [Float($0 * 10), Float($0 * 10 + 1)] }, [8, 2])
        let bias = try RelativePositionBias(table, maxDistance: 20, looksBothWays: false)(-30...0)
        let (heads, size) = (2, 1)
        // With keys of zeros the weights are the softmax of the bias, and the values tell them apart.
        let zeros = Tensor(zeros: [3, heads, size])
        let values = Tensor([1, 1, 10, 10, 100, 100], [3, heads, size])
        let cache = try KVCache(
            layers: 1, kvHeads: heads, headSize: size, sequences: 1, positions: 8, element: .f32)
        let rows = SequenceRows(sequence: 0, from: 0, count: 3)
        try cache.begin(rows)
        let found = try attention(
            queries: zeros, keys: zeros, values: values, cache: cache, layer: 0, rows: rows,
            scale: 1, bias: bias)
        let expected = PlainAttention(zeros, zeros, values, scale: 1).callAsFunction { i, h, j in
            j > i ? nil : Float((i - j) * 10 + h)
        }
        #expect(distance(found.floats, expected) < 1e-4)
    }

    /// Over several pages, in every kind of batch, against the equation.
    @Test(arguments: [1, 2, 33, 70])
    func causalAttentionAddsTheBiasOfTheDistance(_ rows: Int) throws {
        let (heads, kvHeads, size, total) = (4, 2, 12, 70)
        var noise = Noise(3)
        let queries = Tensor(noise.floats(total * heads * size), [total, heads, size])
        let keys = Tensor(noise.floats(total * kvHeads * size), [total, kvHeads, size])
        let values = Tensor(noise.floats(total * kvHeads * size), [total, kvHeads, size])
        let number = { (head: Int, distance: Int) in Float(distance * (head + 1)) / 30 }
        let bias = DistanceBias(heads: heads, distances: -total...0, number)
        let cache = try KVCache(
            layers: 1, kvHeads: kvHeads, headSize: size, sequences: 1, positions: total,
            element: .f32)
        var found: [Float] = []
        for start in stride(from: 0, to: total, by: rows) {
            let part = start..<min(start + rows, total)
            let places = SequenceRows(sequence: 0, from: start, count: part.count)
            try cache.begin(places)
            found += try attention(
                queries: queries.rows(part), keys: keys.rows(part), values: values.rows(part),
                cache: cache, layer: 0, rows: places, scale: 0.4, bias: bias
            ).floats
            cache.commit()
        }
        let expected = PlainAttention(
            queries, Self.repeated(keys, heads), Self.repeated(values, heads), scale: 0.4
        ).callAsFunction { i, h, j in j > i ? nil : number(h, j - i) }
        #expect(distance(found, expected) < 2e-5)
    }

    private static func repeated(_ tensor: Tensor, _ heads: Int) -> Tensor {
        let (rows, kvHeads, size) = (tensor.shape[0], tensor.shape[1], tensor.shape[2])
        let floats = tensor.floats
        let all = (0..<rows).flatMap { row in
            (0..<heads).flatMap { head -> ArraySlice<Float> in
                let start = (row * kvHeads + head * kvHeads / heads) * size
                return floats[start..<start + size]
            }
        }
        return Tensor(all, [rows, heads, size])
    }

    @Test func aBiasThatEndsBeforeTheSequenceIsRefused() throws {
        let x = Tensor(zeros: [3, 1, 4])
        let cache = try KVCache(
            layers: 1, kvHeads: 1, headSize: 4, sequences: 1, positions: 8, element: .f32)
        let rows = SequenceRows(sequence: 0, from: 0, count: 3)
        try cache.begin(rows)
        #expect(throws: TensorError.self) {
            try attention(
                queries: x, keys: x, values: x, cache: cache, layer: 0, rows: rows, scale: 1,
                bias: DistanceBias(heads: 1, distances: -1...0) { _, _ in 0 })
        }
    }
}
