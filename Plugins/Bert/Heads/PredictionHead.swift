import PluginCommon
import TensorRuntime

/// Turns states into logits, as the heads of BERT, RoBERTa, DistilBERT and ModernBERT do; each
/// leaves out different parts.
///
///     y = norm(activation(x·W₁ + b₁)) · W₂ + b₂
struct PredictionHead: Sendable {
    let pooling: Pooling
    let dense: Linear?  // [D, D]
    let activation: Activation
    let norm: LayerNorm?  // [D]
    let output: Linear  // [labels, D]

    /// - Parameter x: [n, D], of tokens or of texts.
    /// - Returns: [n, labels].
    func callAsFunction(_ x: Tensor) throws -> Tensor {
        var y = try dense.map { try $0(x, then: activation) } ?? x  // [n, D]
        if let norm { y = try norm(y) }  // [n, D]
        return try output(y)  // [n, labels]
    }

    /// - Parameter x: [N, D].
    /// - Returns: [texts, labels].
    func callAsFunction(_ x: Tensor, _ sequences: PackedSequences) throws -> Tensor {
        try self(pooling(x, sequences))
    }
}

// MARK: - Loading

extension PredictionHead {
    /// - Parameter isFull: whether a part of the layout that is missing in the checkpoint is an
    ///   error.
    init(
        _ weights: Weights, _ layout: HeadLayout, width: Int, labels: Int, isFull: Bool
    ) throws {
        pooling = layout.pooling
        dense = try layout.dense
            .flatMap { isFull || weights.has("\($0).weight") ? weights[$0] : nil }
            .map { try Linear($0, from: width, to: width) }
        activation = layout.activation
        norm = try layout.norm
            .flatMap { isFull || weights.has("\($0).weight") ? weights[$0] : nil }
            .map { try LayerNorm($0, width: width, epsilon: layout.normEpsilon) }
        output = try Linear(weights[layout.output], from: width, to: labels)
    }
}
