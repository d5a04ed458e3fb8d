import Glibc

/// The gated delta rule, Yang et al. 2024 (arXiv:2412.06464), equation 10: a matrix per head that
/// forgets, and that learns what it does not yet answer to a key.
///
///     S ← gₙ S
///     S ← S + kₙ (βₙ (vₙ - Sᵀ kₙ))ᵀ
///     y[n] = Sᵀ qₙ
///
/// - Parameters:
///   - queries: [N, G, k].
///   - keys: [N, G, k].
///   - values: [N, H, v].
///   - keyHeads: for each of the H heads the one of its queries and keys.
///   - decay: g, [N, H].
///   - rate: β, [N, H].
///   - slot: of the states, H · k · v floats; they have begun a batch with these rows.
/// - Returns: [N, H, v].
public func gatedDeltaRule(
    queries: Tensor, keys: Tensor, values: Tensor, keyHeads: [Int], decay: Tensor, rate: Tensor,
    states: SequenceStates, slot: Int, rows: SequenceRows
) throws(TensorError) -> Tensor {
    let (heads, keySize, valueSize) = (keyHeads.count, queries.width, values.width)
    let groups = queries.shape.dropLast().last ?? 0
    precondition(keyHeads.allSatisfy((0..<groups).contains))
    for (name, tensor, shape) in [
        ("queries", queries, [rows.count, groups, keySize]),
        ("keys", keys, [rows.count, groups, keySize]),
        ("values", values, [rows.count, heads, valueSize]),
        ("decay", decay, [rows.count, heads]), ("rate", rate, [rows.count, heads]),
    ] {
        try tensor.require(shape, "the \(name) of the delta rule")
    }
    try states.check(slot, holds: heads * keySize * valueSize, rows)
    let result = Tensor(uninitialized: values.shape)
    forHeads(heads, of: rows, states, slot, size: keySize * valueSize) { rows, head, old, new in
        var state = old
        for row in rows {
            let (place, key) = (row * heads + head, (row * groups + keyHeads[head]) * keySize)
            deltaStep(
                from: state, to: new, keySize, valueSize, q: queries.data() + key,
                k: keys.data() + key, v: values.data() + place * valueSize,
                decay: decay.data(as: Float.self)[place], rate: rate.data(as: Float.self)[place],
                y: result.data() + place * valueSize)
            state = UnsafePointer(new)
        }
    }
    withExtendedLifetime((queries, keys, values, decay, rate)) {}
    return result
}

/// One position of one head; `to` may be `from`.
private func deltaStep(
    from old: UnsafePointer<Float>, to new: UnsafeMutablePointer<Float>, _ keySize: Int,
    _ valueSize: Int, q: UnsafePointer<Float>, k: UnsafePointer<Float>, v: UnsafePointer<Float>,
    decay: Float, rate: Float, y: UnsafeMutablePointer<Float>
) {
    for j in 0..<valueSize { y[j] = 0 }
    for i in 0..<keySize {
        let (source, target, key) = (old + i * valueSize, new + i * valueSize, k[i])
        for j in 0..<valueSize {
            let kept = source[j] * decay
            target[j] = kept
            y[j] += kept * key
        }
    }
    // What is to be learned takes the place of what was answered.
    for j in 0..<valueSize { y[j] = (v[j] - y[j]) * rate }
    for i in 0..<keySize {
        let (target, key) = (new + i * valueSize, k[i])
        for j in 0..<valueSize { target[j] += key * y[j] }
    }
    for j in 0..<valueSize { y[j] = 0 }
    for i in 0..<keySize {
        let (source, query) = (new + i * valueSize, q[i])
        for j in 0..<valueSize { y[j] += source[j] * query }
    }
}

/// The selective state space, Dao and Gu 2024 (arXiv:2405.21060), equation 1 with a decay per head.
///
///     S ← exp(Δₙ a) S + Bₙ (Δₙ xₙ)ᵀ
///     y[n] = Sᵀ Cₙ
///
/// - Parameters:
///   - x: [N, H, p].
///   - inputs: B, [N, G, s], where G divides H: heads of a group share it.
///   - outputs: C, [N, G, s].
///   - steps: Δ, [N, H].
///   - rates: a, [H], below 0.
///   - slot: of the states, H · s · p floats; they have begun a batch with these rows.
/// - Returns: [N, H, p].
public func selectiveScan(
    _ x: Tensor, inputs: Tensor, outputs: Tensor, steps: Tensor, rates: Tensor,
    states: SequenceStates, slot: Int, rows: SequenceRows
) throws(TensorError) -> Tensor {
    let (heads, size, groups, stateSize) = (x.shape[1], x.width, inputs.shape[1], inputs.width)
    for (name, tensor, shape) in [
        ("input", x, [rows.count, heads, size]),
        ("inputs", inputs, [rows.count, groups, stateSize]),
        ("outputs", outputs, [rows.count, groups, stateSize]),
        ("steps", steps, [rows.count, heads]), ("rates", rates, [heads]),
    ] {
        try tensor.require(shape, "the \(name) of a selective scan")
    }
    precondition(groups > 0 && heads.isMultiple(of: groups))
    try states.check(slot, holds: heads * stateSize * size, rows)
    let result = Tensor(uninitialized: x.shape)
    forHeads(heads, of: rows, states, slot, size: stateSize * size) { rows, head, old, new in
        var state = old
        let rate = rates.data(as: Float.self)[head]
        for row in rows {
            let place = row * heads + head
            let group = (row * groups + head / (heads / groups)) * stateSize
            scanStep(
                from: state, to: new, stateSize, size, x: x.data() + place * size,
                b: inputs.data() + group, c: outputs.data() + group,
                step: steps.data(as: Float.self)[place], rate: rate,
                y: result.data() + place * size)
            state = UnsafePointer(new)
        }
    }
    withExtendedLifetime((x, inputs, outputs, steps, rates)) {}
    return result
}

/// One position of one head; `to` may be `from`.
private func scanStep(
    from old: UnsafePointer<Float>, to new: UnsafeMutablePointer<Float>, _ stateSize: Int,
    _ size: Int, x: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafePointer<Float>,
    step: Float, rate: Float, y: UnsafeMutablePointer<Float>
) {
    let decay = exp(step * rate)
    for p in 0..<size { y[p] = 0 }
    for s in 0..<stateSize {
        let (source, target, input, output) = (old + s * size, new + s * size, b[s] * step, c[s])
        for p in 0..<size {
            let state = source[p] * decay + input * x[p]
            target[p] = state
            y[p] += state * output
        }
    }
}

/// Calls `body` for every head of every sequence with its part of the slot, on all threads.
private func forHeads(
    _ heads: Int, of rows: SequenceRows, _ states: SequenceStates, _ slot: Int, size: Int,
    _ body: (
        _ rows: [Int], _ head: Int, _ old: UnsafePointer<Float>, _ new: UnsafeMutablePointer<Float>
    ) -> Void
) {
    let sequences = rows.bySequence
    ThreadPool.shared.parallel(sequences.count * heads) { index in
        let (sequence, rows) = sequences[index / heads]
        let (old, new) = states.slot(slot, of: sequence)
        let head = index % heads
        body(rows, head, old + head * size, new + head * size)
    }
}

extension Tensor {
    fileprivate func require(
        _ shape: [Int], _ name: @autoclosure () -> String
    ) throws(TensorError) {
        try requireF32(name())
        guard self.shape == shape else {
            throw .shape(of: name(), found: self.shape, expected: "\(shape)")
        }
    }
}
