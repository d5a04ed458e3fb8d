import CKernels

/// Causal attention with grouped queries, Vaswani et al. 2017 (arXiv:1706.03762), equation 1, and
/// Ainslie et al. 2023 (arXiv:2305.13245), over what the cache remembers.
///
///     out[n, h] = Σ_p softmax_p(cap(scale · q[n, h] · k[p, h / (H/G)]) + bias[h, p - position of n])
///                 · v[p, h / (H/G)],  position of n - window < p ≤ position of n
///     cap(x) = softCap · tanh(x / softCap)
///
/// The keys and values of the rows are written to the cache first, which must have begun a batch
/// with these rows.
///
/// - Parameters:
///   - queries: [N, H, d].
///   - keys: [N, G, d], where G divides H.
///   - values: [N, G, d].
///   - scale: usually 1/√d.
///   - window: how many positions a row sees, its own the last, as in Mistral (arXiv:2310.06825,
///     section 2); nil for all.
///   - softCap: what logits stay below, as in Gemma 2 (arXiv:2408.00118, section 2); nil for no bound.
///   - sinks: of H heads: a further logit of the softmax, of no value, as in gpt-oss
///     (arXiv:2508.10925, section 2.2).
///   - bias: for H heads and the distances from a row to all positions before it, as in T5
///     (arXiv:1910.10683, section 2.1).
/// - Returns: [N, H·d].
public func attention(
    queries: Tensor, keys: Tensor, values: Tensor, cache: KVCache, layer: Int,
    rows: SequenceRows, scale: Float, window: Int? = nil, softCap: Float? = nil,
    sinks: Tensor? = nil, bias: DistanceBias? = nil
) throws(TensorError) -> Tensor {
    precondition(window ?? 1 > 0 && softCap ?? 1 > 0)
    let call = try AttentionCall(
        queries: queries, keys: keys, values: values, cache: cache, layer: layer, rows: rows,
        scale: scale, window: window, softCap: softCap, sinks: sinks, bias: bias)
    call.remember()
    return call.attend()
}

private struct AttentionCall {
    let queries: Tensor
    let keys: Tensor
    let values: Tensor
    let cache: KVCache
    let layer: Int
    let rows: SequenceRows
    let scale: Float
    let window: Int?
    let softCap: Float?
    let sinks: Tensor?
    let bias: DistanceBias?

    init(
        queries: Tensor, keys: Tensor, values: Tensor, cache: KVCache, layer: Int,
        rows: SequenceRows, scale: Float, window: Int?, softCap: Float?, sinks: Tensor?,
        bias: DistanceBias?
    ) throws(TensorError) {
        let kept = [rows.count, cache.kvHeads, cache.headSize]
        for (name, tensor) in [("keys", keys), ("values", values)] where tensor.shape != kept {
            throw .shape(of: "the \(name) of attention", found: tensor.shape, expected: "\(kept)")
        }
        guard queries.shape.count == 3, queries.shape[0] == rows.count,
            queries.shape[1] % cache.kvHeads == 0, queries.shape[2] == cache.headSize
        else {
            throw .shape(
                of: "the queries of attention", found: queries.shape,
                expected: "[\(rows.count), a multiple of \(cache.kvHeads), \(cache.headSize)]")
        }
        guard (0..<cache.layers).contains(layer) else {
            throw .outOfRange("a layer", found: layer, expected: 0..<cache.layers)
        }
        try queries.requireF32("the queries of attention")
        try keys.requireF32("the keys of attention")
        try values.requireF32("the values of attention")
        if let sinks, sinks.shape != [queries.shape[1]] {
            throw .shape(
                of: "the sinks of attention", found: sinks.shape,
                expected: "[\(queries.shape[1])]")
        }
        try sinks?.requireF32("the sinks of attention")
        let last = Int(rows.positions.max() ?? 0)
        try bias?.check(heads: queries.shape[1], distances: -last...0)
        precondition(cache.hasBegun(rows), "the cache has not begun a batch with these rows")
        precondition(
            window ?? .max <= cache.window(of: layer) ?? .max, "the cache keeps fewer positions")
        self.queries = queries
        self.keys = keys
        self.values = values
        self.cache = cache
        self.layer = layer
        self.rows = rows
        self.scale = scale
        self.window = window
        self.softCap = softCap
        self.sinks = sinks
        self.bias = bias
    }

    private var headSize: Int { cache.headSize }

    /// Query heads per head of keys and values.
    private var group: Int { queries.shape[1] / cache.kvHeads }

    /// Writes the rows' keys and values into their pages. A few rows are not worth waking a thread.
    func remember() {
        let heads = 0..<cache.kvHeads
        let parts = keys.count < 1 << 14 ? [heads] : heads.map { $0..<$0 + 1 }
        ThreadPool.shared.parallel(parts.count) { part in
            for run in rows.runs {
                for head in parts[part] { remember(run, head) }
            }
        }
    }

    private func remember(_ run: SequenceRows.Run, _ head: Int) {
        let (layout, place) = cache.layout(of: layer)
        let pages = cache.pages(of: run.sequence, layer: layer)
        for row in run.rows {
            let position = run.firstPosition + row - run.rows.lowerBound
            let source = (row * cache.kvHeads + head) * headSize
            layout.remember(
                keys.data() + source, values.data() + source, headSize: headSize,
                in: pages[position / layout.positions], place: position % layout.positions,
                layer: place, head: head)
        }
    }

    func attend() -> Tensor {
        let result = Tensor(uninitialized: [rows.count, queries.shape[1] * headSize])
        let out = result.data(as: Float.self)
        let pieces = self.pieces
        let pages = Dictionary(
            uniqueKeysWithValues: Set(rows.runs.map(\.sequence)).map { sequence in
                (sequence, cache.pages(of: sequence, layer: layer).addresses)
            })
        ThreadPool.shared.parallel(pieces.count * cache.kvHeads) { index in
            let (piece, head) = (pieces[index / cache.kvHeads], index % cache.kvHeads)
            pages[piece.sequence]?.withUnsafeBufferPointer { pages in
                attend(piece, head, pages, out)
            }
        }
        return result
    }

    /// Runs cut so that the queries of a piece stay in the cache beside a page.
    private var pieces: [SequenceRows.Run] {
        let most = max(1, 64 / group)
        return rows.runs.flatMap { run in
            stride(from: run.rows.lowerBound, to: run.rows.upperBound, by: most).map { row in
                SequenceRows.Run(
                    sequence: run.sequence, rows: row..<min(row + most, run.rows.upperBound),
                    firstPosition: run.firstPosition + row - run.rows.lowerBound)
            }
        }
    }

    private func attend(
        _ piece: SequenceRows.Run, _ head: Int, _ pages: UnsafeBufferPointer<UnsafeRawPointer?>,
        _ out: UnsafeMutablePointer<Float>
    ) {
        let stride = queries.shape[1] * headSize
        let start = piece.rows.lowerBound * stride + head * group * headSize
        let floats = rk_attention_scratch(piece.rows.count * group, headSize)
        let scratch = Storage(byteCount: floats * MemoryLayout<Float>.size)
        let (layout, place) = cache.layout(of: layer)
        var arguments = rk_attention(
            out: out + start, queries: queries.data() + start, row_stride: stride,
            rows: piece.rows.count, group: group, head_size: headSize,
            first_position: piece.firstPosition, length: 0, window: window ?? 0,
            pages: pages.baseAddress,
            keys: layout.keys(layer: place, head: head),
            values: layout.values(layer: place, head: head),
            bias: bias?.origin(head * group), bias_stride: bias?.stride ?? 0, scale: scale,
            soft_cap: softCap ?? 0,
            sinks: sinks.map { UnsafePointer($0.data() + head * group) },
            scratch: scratch.base.assumingMemoryBound(to: Float.self))
        layout.attend(&arguments)
    }
}
