import TensorRuntime

/// A mixture of experts, Shazeer et al. 2017 (arXiv:1701.06538), section 2: each row goes through the
/// few that a router gives the highest probabilities.
///
///     p = softmax(x·Wrᵀ)
///     y = Σₑ pₑ · FeedForwardₑ(x)       e among the k most probable
///
/// A row's result is the same bits whatever other rows stand beside it.
struct ExpertFeedForward: FeedForward {
    let router: Linear  // [E, D]
    let experts: [any FeedForward]  // E
    /// k
    let used: Int
    /// Whether the probabilities of the chosen are divided by their sum.
    let normalizes: Bool

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let choices = try choices(softmax(router(x)))
        var y = Tensor(zeros: x.shape)  // [N, D]
        for (expert, choice) in zip(experts, choices) where !choice.rows.isEmpty {
            let part = try RowAdapters.selecting(choice.rows) {
                try expert(x.selectingRows(choice.rows))
            }
            try y.add(part, times: choice.weights, toRows: choice.rows)
        }
        return y
    }

    /// The rows that chose an expert, and how much it counts for each.
    private struct Choice {
        var rows: [Int] = []
        var weights: [Float] = []
    }

    /// - Parameter probabilities: [N, E].
    /// - Returns: E of them.
    private func choices(_ probabilities: Tensor) -> [Choice] {
        var choices = [Choice](repeating: Choice(), count: experts.count)
        probabilities.withFloats { all in
            for row in 0..<probabilities.rowCount {
                let p = all[row * experts.count..<(row + 1) * experts.count]
                let best = p.indices.sorted { (p[$1], $0) < (p[$0], $1) }.prefix(used)
                let sum = normalizes ? best.reduce(0) { $0 + p[$1] } : 1
                for index in best {
                    choices[index - p.startIndex].rows.append(row)
                    choices[index - p.startIndex].weights.append(p[index] / sum)
                }
            }
        }
        return choices
    }
}

// MARK: - Loading

extension ExpertFeedForward {
    /// How many experts there are, how they are called, and how they are used.
    struct Layout {
        let count: Int
        let used: Int
        let size: Int
        var normalizes = true
        var gate = "gate_proj"
        var up = "up_proj"
        var down = "down_proj"
    }

    /// - Parameter weights: of the experts: a folder for each, or one tensor of all, [E, F, D].
    init(
        _ weights: Weights, router: Weights, _ c: DecoderConfiguration, _ layout: Layout
    ) throws {
        let all = { (name: String, from: Int, to: Int) in
            try Self.maps(weights, name, layout.count, from: from, to: to)
        }
        let gates = try all(layout.gate, c.hiddenSize, layout.size)
        let ups = try all(layout.up, c.hiddenSize, layout.size)
        let downs = try all(layout.down, layout.size, c.hiddenSize)
        let experts = (0..<layout.count).map { expert in
            GatedFeedForward(
                gate: gates[expert], up: ups[expert], down: downs[expert], activation: .silu)
        }
        try self.init(experts, router: router, c, layout)
    }

    init(
        _ experts: [any FeedForward], router: Weights, _ c: DecoderConfiguration,
        _ layout: Layout
    ) throws {
        self.router = try Linear(router, from: c.hiddenSize, to: layout.count)
        self.experts = experts
        used = layout.used
        normalizes = layout.normalizes
    }

    private static func maps(
        _ weights: Weights, _ name: String, _ count: Int, from: Int, to: Int
    ) throws -> [Linear] {
        guard weights[name].has("weight") else {
            return try (0..<count).map { try Linear(weights[$0][name], from: from, to: to) }
        }
        let tensor = try weights[name].tensor([count, to, from])
        return try (0..<count).map { expert in
            try Linear(tensor.rows(expert..<expert + 1).reshaped(to, from))
                .named(weights[expert][name])
        }
    }
}
