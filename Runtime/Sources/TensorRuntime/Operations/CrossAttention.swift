import CKernels

/// Attention of rows to other texts, Vaswani et al. 2017 (arXiv:1706.03762), section 3.2.3: each
/// row attends to all positions of its memory.
///
///     out[n, h] = Σ_j softmax_j(scale · q[n, h] · k[j, h / (H/G)]) v[j, h / (H/G)]
///
/// A row's result has the same bits whatever other rows are in the batch. Adjacent rows that attend
/// to one memory share its loads.
///
/// - Parameters:
///   - queries: [N, H, d].
///   - memories: the memory of each row, N of them, of G heads where G divides H.
///   - scale: usually 1/√d.
/// - Returns: [N, H·d].
public func crossAttention(
    queries: Tensor, memories: [AttentionMemory], layer: Int, scale: Float
) throws(TensorError) -> Tensor {
    try queries.requireF32("the queries of attention")
    precondition(Set(memories.map(\.kvHeads)).count <= 1, "memories of one network")
    for memory in memories {
        try memory.check(layer)
        guard queries.shape.count == 3, queries.shape[0] == memories.count,
            queries.shape[1] % memory.kvHeads == 0, queries.shape[2] == memory.headSize
        else {
            throw .shape(
                of: "the queries of attention", found: queries.shape,
                expected: "[\(memories.count), a multiple of \(memory.kvHeads), \(memory.headSize)]"
            )
        }
    }
    return CrossAttentionCall(queries: queries, layer: layer, scale: scale).attend(memories)
}

private struct CrossAttentionCall {
    let queries: Tensor
    let layer: Int
    let scale: Float

    /// Adjacent rows that attend to one memory.
    private struct Piece {
        let memory: AttentionMemory
        let rows: Range<Int>
        let pages: [UnsafeRawPointer?]
    }

    func attend(_ memories: [AttentionMemory]) -> Tensor {
        let result = Tensor(uninitialized: [
            queries.shape[0], queries.shape.dropFirst().reduce(1, *),
        ])
        let out = result.data(as: Float.self)
        let pieces = pieces(memories)
        let heads = memories.first?.kvHeads ?? 1
        ThreadPool.shared.parallel(pieces.count * heads) { index in
            attend(pieces[index / heads], index % heads, out)
        }
        withExtendedLifetime((self, result)) {}
        return result
    }

    /// Cut so that the queries of a piece stay in the cache beside a page.
    private func pieces(_ memories: [AttentionMemory]) -> [Piece] {
        let most = 64
        var pieces: [Piece] = []
        var start = 0
        for row in memories.indices {
            let end = row + 1
            let goesOn = end < memories.count && memories[end] === memories[start]
            if goesOn && end - start < most { continue }
            let memory = memories[start]
            pieces.append(
                Piece(
                    memory: memory, rows: start..<end,
                    pages: memory.pages.map { UnsafeRawPointer($0.storage.base) }))
            start = end
        }
        return pieces
    }

    private func attend(_ piece: Piece, _ head: Int, _ out: UnsafeMutablePointer<Float>) {
        let (memory, headSize) = (piece.memory, queries.shape[2])
        let group = queries.shape[1] / memory.kvHeads
        let stride = queries.shape[1] * headSize
        let start = piece.rows.lowerBound * stride + head * group * headSize
        let floats = rk_attention_scratch(piece.rows.count * group, headSize)
        let scratch = Storage(byteCount: floats * MemoryLayout<Float>.size)
        piece.pages.withUnsafeBufferPointer { pages in
            var arguments = rk_attention(
                out: out + start, queries: queries.data() + start, row_stride: stride,
                rows: piece.rows.count, group: group, head_size: headSize, first_position: 0,
                length: memory.length, window: 0, pages: pages.baseAddress,
                keys: memory.layout.keys(layer: layer, head: head),
                values: memory.layout.values(layer: layer, head: head), bias: nil, bias_stride: 0,
                scale: scale, soft_cap: 0, sinks: nil,
                scratch: scratch.base.assumingMemoryBound(to: Float.self)
            )
            memory.layout.attend(&arguments)
        }
        withExtendedLifetime(scratch) {}
    }
}
