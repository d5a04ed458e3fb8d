import PluginCommon
import TensorRuntime

/// A mixture of experts beside one that every row goes through, as much as a gate lets it.
///
///     y = Experts(x) + sigmoid(x·Wgᵀ) · FeedForward(x)
struct SharedExpertFeedForward: FeedForward {
    let experts: ExpertFeedForward
    let shared: GatedFeedForward
    let gate: Linear  // [1, D]

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        var y = try experts(x)  // [N, D]
        try y.add(shared(x), times: sigmoid(gate(x)).floats, toRows: Array(0..<x.rowCount))
        return y
    }
}

// MARK: - Loading

extension SharedExpertFeedForward {
    /// Reads `experts`, `gate`, `shared_expert` and `shared_expert_gate`.
    init(
        _ weights: Weights, _ c: DecoderConfiguration, _ layout: ExpertFeedForward.Layout,
        sharedSize: Int
    ) throws {
        experts = try ExpertFeedForward(
            weights["experts"], router: weights["gate"], c, layout)
        shared = try GatedFeedForward(
            weights["shared_expert"], width: c.hiddenSize, size: sharedSize)
        // A vector in some GGUF files.
        gate = try Linear(
            weights["shared_expert_gate"].tensor(ofAnyShape: "weight").reshaped(1, c.hiddenSize))
    }
}
