import CKernels

/// Attention in both directions within each of several sequences, Vaswani et al. 2017
/// (arXiv:1706.03762), equation 1.
///
///     out[i, h] = Σ_j softmax_j(scale · q[i, h] · k[j, h] + bias[h, j - i]) v[j, h],  |i - j| ≤ window/2
///
/// A sequence's result has the same bits whatever other sequences are in the batch.
///
/// - Parameters:
///   - queries: [N, H, d], the rows of all sequences.
///   - keys: [N, H, d].
///   - values: [N, H, d].
///   - scale: usually 1/√d.
///   - window: how far around it a row looks, as in ModernBERT's local layers (arXiv:2412.13663);
///     nil for the whole sequence.
///   - bias: for H heads and all distances in the longest sequence, as in MPNet and T5
///     (arXiv:1910.10683, section 2.1).
///   - precision: with `bf16` the factors of both products are rounded to BF16 where that is faster:
///     on processors of `isBF16Fast`, in sequences that are not short.
/// - Returns: [N, H·d].
public func encoderAttention(
    queries: Tensor, keys: Tensor, values: Tensor, sequences: PackedSequences, scale: Float,
    window: Int? = nil, bias: DistanceBias? = nil, precision: Precision = .f32
) throws(TensorError) -> Tensor {
    let call = try EncoderAttentionCall(
        queries: queries, keys: keys, values: values, sequences: sequences, memories: sequences,
        scale: scale, window: window, bias: bias, precision: precision)
    return call.attend()
}

/// Attention of sequences to their memories, which are themselves unless it is cross-attention.
struct EncoderAttentionCall {
    private let queries: Tensor
    private let keys: Tensor
    private let values: Tensor
    private let sequences: PackedSequences
    private let memories: PackedSequences
    private let scale: Float
    private let reach: Int
    private let bias: DistanceBias?
    private let mayRound: Bool

    init(
        queries: Tensor, keys: Tensor, values: Tensor, sequences: PackedSequences,
        memories: PackedSequences, scale: Float, window: Int?, bias: DistanceBias?,
        precision: Precision
    ) throws(TensorError) {
        guard queries.shape.count == 3, queries.shape[0] == sequences.tokens else {
            throw .shape(
                of: "the queries of attention", found: queries.shape,
                expected: "[\(sequences.tokens), H, d]")
        }
        let expected = [memories.tokens] + queries.shape.dropFirst()
        for (name, tensor) in [("keys", keys), ("values", values)] where tensor.shape != expected {
            throw .shape(
                of: "the \(name) of attention", found: tensor.shape, expected: "\(expected)")
        }
        try queries.requireF32("the queries of attention")
        try keys.requireF32("the keys of attention")
        try values.requireF32("the values of attention")
        let farthest = max(sequences.lengths.max() ?? 0, 1) - 1
        try bias?.check(heads: queries.shape[1], distances: -farthest...farthest)
        self.queries = queries
        self.keys = keys
        self.values = values
        self.sequences = sequences
        self.memories = memories
        self.scale = scale
        reach = window.map { max(0, $0 / 2) } ?? .max
        self.bias = bias
        mayRound = precision == .bf16 && Precision.isBF16Fast
    }

    /// Some rows of one sequence.
    private struct Piece {
        let sequence: Range<Int>
        let memory: Range<Int>
        let first: Int  // within the sequence
        let count: Int
    }

    func attend() -> Tensor {
        let heads = queries.shape[1]
        let result = Tensor(uninitialized: [sequences.tokens, heads * queries.shape[2]])
        let (out, pieces) = (result.data(as: Float.self), self.pieces)
        ThreadPool.shared.parallel(pieces.count * heads) { index in
            attend(pieces[index / heads], index % heads, out)
        }
        withExtendedLifetime((self, result)) {}
        return result
    }

    /// Long sequences are cut: each piece lays out the keys and values for itself, which takes only
    /// a small part of its time.
    private var pieces: [Piece] {
        let most = 12 * Int(mayRound ? RK_PAIR_QUERIES : RK_QUERY_BLOCK)
        return (0..<sequences.count).flatMap { index in
            let (rows, memory) = (sequences[index], memories[index])
            return stride(from: 0, to: rows.count, by: most).map { first in
                Piece(
                    sequence: rows, memory: memory, first: first,
                    count: min(most, rows.count - first))
            }
        }
    }

    /// From this many rows of a sequence on, products in pairs are worth their layout.
    private static let worthPacking = 32

    private func attend(_ piece: Piece, _ head: Int, _ out: UnsafeMutablePointer<Float>) {
        let headSize = queries.shape[2]
        let stride = queries.shape[1] * headSize
        let start = piece.sequence.lowerBound * stride + head * headSize
        let memory = piece.memory.lowerBound * stride + head * headSize
        let length = piece.memory.count
        let isInPairs = mayRound && length >= Self.worthPacking
        let floats =
            isInPairs
            ? rk_encoder_attention_pairs_scratch(length, headSize)
            : rk_encoder_attention_scratch(length, headSize)
        let scratch = Storage(byteCount: floats * MemoryLayout<Float>.size)
        var arguments = rk_encoder_attention(
            out: out + start, queries: queries.data() + start, keys: keys.data() + memory,
            values: values.data() + memory, stride: stride, out_stride: stride, length: length,
            first: piece.first, count: piece.count, head_size: headSize, reach: reach,
            bias: bias?.origin(head), bias_stride: -1, scale: scale,
            scratch: scratch.base.assumingMemoryBound(to: Float.self))
        isInPairs
            ? rk_encoder_attention_pairs(&arguments) : rk_encoder_attention_f32(&arguments)
        withExtendedLifetime(scratch) {}
    }
}
