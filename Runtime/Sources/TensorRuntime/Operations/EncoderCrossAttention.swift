/// Attention of the rows of sequences to those of others, such as an image's pixels to a text, Vaswani
/// et al. 2017 (arXiv:1706.03762), section 3.2.3.
///
///     out[i, h] = Σ_j softmax_j(scale · q[i, h] · k[j, h]) v[j, h]
///
/// A sequence's result has the same bits whatever other sequences are in the batch.
///
/// - Parameters:
///   - queries: [N, H, d], the rows of all sequences.
///   - keys: [M, H, d], the rows of all memories.
///   - values: [M, H, d].
///   - sequences: the rows of the queries.
///   - memories: the rows of the keys, one memory for each sequence, none of them empty.
///   - scale: usually 1/√d.
///   - precision: as in `encoderAttention`.
/// - Returns: [N, H·d].
public func crossAttention(
    queries: Tensor, keys: Tensor, values: Tensor, sequences: PackedSequences,
    memories: PackedSequences, scale: Float, precision: Precision = .f32
) throws(TensorError) -> Tensor {
    guard memories.count == sequences.count, memories.lengths.allSatisfy({ $0 > 0 }) else {
        throw .shape(
            of: "the memories of attention", found: memories.lengths,
            expected: "\(sequences.count) that are not empty")
    }
    let call = try EncoderAttentionCall(
        queries: queries, keys: keys, values: values, sequences: sequences, memories: memories,
        scale: scale, window: nil, bias: nil, precision: precision)
    return call.attend()
}
