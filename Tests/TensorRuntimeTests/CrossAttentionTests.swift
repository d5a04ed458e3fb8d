import TensorRuntime
import Testing

@Suite struct CrossAttentionTests {
    private let heads = 6
    private let kvHeads = 2
    private let size = 10

    private func numbers(_ count: Int, _ heads: Int, seed: UInt64) -> Tensor {
        var noise = Noise(seed)
        return Tensor(noise.floats(count * heads * size), [count, heads, size])
    }

    private func memory(
        _ length: Int, seed: UInt64, _ element: ElementType = .f32
    ) throws -> AttentionMemory {
        let memory = try AttentionMemory(
            layers: 2, kvHeads: kvHeads, headSize: size, length: length, element: element)
        for layer in 0..<2 {
            let seed = seed + UInt64(layer) * 100
            try memory.write(
                keys: numbers(length, kvHeads, seed: seed),
                values: numbers(length, kvHeads, seed: seed + 1), layer: layer)
        }
        return memory
    }

    /// Every head of keys and values once for each query head that shares it.
    private func repeated(_ tensor: Tensor) -> Tensor {
        let (rows, group) = (tensor.shape[0], heads / kvHeads)
        let floats = tensor.floats
        let all = (0..<rows).flatMap { row in
            (0..<heads).flatMap { head -> ArraySlice<Float> in
                let start = (row * kvHeads + head / group) * size
                return floats[start..<start + size]
            }
        }
        return Tensor(all, [rows, heads, size])
    }

    @Test(arguments: [1, 2, 31, 32, 33, 75, 400], [ElementType.f32, .f16])
    func everyRowSeesTheWholeMemory(_ length: Int, _ element: ElementType) throws {
        let queries = numbers(5, heads, seed: 9)
        let memory = try memory(length, seed: 1, element)
        for layer in 0..<2 {
            let found = try crossAttention(
                queries: queries, memories: [AttentionMemory](repeating: memory, count: 5),
                layer: layer, scale: 0.3)
            let seed = 1 + UInt64(layer) * 100
            let plain = PlainAttention(
                queries, repeated(numbers(length, kvHeads, seed: seed)),
                repeated(numbers(length, kvHeads, seed: seed + 1)), scale: 0.3)
            // F16 keeps 11 bits of keys and values.
            let expected = plain { _, _, _ in 0 }
            #expect(distance(found.floats, expected) < (element == .f32 ? 2e-5 : 4e-3))
        }
    }

    @Test func rowsOfSeveralMemoriesAreTheSameBitsAlone() throws {
        let memories = try [memory(40, seed: 1), memory(7, seed: 2), memory(40, seed: 3)]
        let order = [0, 0, 1, 2, 2, 2, 0, 1]
        let queries = numbers(order.count, heads, seed: 5)
        let together = try crossAttention(
            queries: queries, memories: order.map { memories[$0] }, layer: 1, scale: 0.3)
        for (row, index) in order.enumerated() {
            let alone = try crossAttention(
                queries: queries.rows(row..<row + 1), memories: [memories[index]], layer: 1,
                scale: 0.3)
            #expect(alone.floats == together.rows(row..<row + 1).floats)
        }
    }

    @Test func moreRowsThanAPieceTakesAreTheSameBitsToo() throws {
        let memory = try memory(33, seed: 1)
        let queries = numbers(150, heads, seed: 5)
        let together = try crossAttention(
            queries: queries, memories: [AttentionMemory](repeating: memory, count: 150), layer: 0,
            scale: 0.3)
        for row in [0, 63, 64, 65, 127, 128, 149] {
            let alone = try crossAttention(
                queries: queries.rows(row..<row + 1), memories: [memory], layer: 0, scale: 0.3)
            #expect(alone.floats == together.rows(row..<row + 1).floats)
        }
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let memory = try memory(3, seed: 1)
        #expect(throws: TensorError.outOfRange("a layer", found: 2, expected: 0..<2)) {
            try crossAttention(
                queries: numbers(1, heads, seed: 1), memories: [memory], layer: 2, scale: 1)
        }
        #expect(
            throws: TensorError.shape(
                of: "the queries of attention", found: [2, 6, 10],
                expected: "[1, a multiple of 2, 10]")
        ) {
            try crossAttention(
                queries: numbers(2, heads, seed: 1), memories: [memory], layer: 0, scale: 1)
        }
        #expect(
            throws: TensorError.shape(
                of: "the keys of a memory", found: [4, 2, 10], expected: "[3, 2, 10]")
        ) {
            try memory.write(
                keys: numbers(4, kvHeads, seed: 1), values: numbers(3, kvHeads, seed: 1), layer: 0)
        }
        #expect(throws: TensorError.self) {
            try AttentionMemory(
                layers: 1, kvHeads: 1, headSize: 4, length: 1, element: .q4_0)
        }
    }
}
