/// A linear map with an optional bias.
///
///     y = x · Wᵀ + b
///
/// A row of the result has the same bits whatever other rows are in the batch.
public struct Linear: Sendable {
    private let weight: PackedMatrix  // [to, from]
    private let bias: Tensor?  // [to]
    /// Where adapters find it; nil if they do not.
    private var place: Int?

    /// - Parameters:
    ///   - weight: [to, from].
    ///   - bias: [to].
    ///   - precision: what F32, F16 and BF16 weights are rounded to.
    /// - Throws: `TensorError` if the shapes disagree or no kernel takes the weight.
    public init(_ weight: Tensor, bias: Tensor? = nil, precision: Precision = .f32) throws {
        self.weight = try PackedMatrix(weight, precision: precision)
        self.bias = try bias.map { try dequantizedCopy($0) }
        if let bias, bias.shape != [self.weight.rows] {
            throw TensorError.shape(
                of: "a bias", found: bias.shape, expected: "[\(self.weight.rows)]")
        }
    }

    /// Reads `weight` [to, from] and, if there is one, `bias` [to]. Adapters find it by the folder's name.
    public init(
        _ weights: Weights, from: Int, to: Int, precision: Precision = .f32
    ) throws {
        let bias = weights.has("bias") ? try weights.tensor("bias", [to]) : nil
        self = try Linear(
            weights.tensor("weight", [to, from]), bias: bias, precision: precision
        ).named(weights)
    }

    /// The same map, which adapters find by the name of a folder.
    ///
    /// - Parameter rows: its part of what is stored in the folder; nil for all of it.
    public func named(_ weights: Weights, rows: Range<Int>? = nil) -> Linear {
        var map = self
        map.place = weights.name(from: weight.depth, rows: rows ?? 0..<weight.rows)
        return map
    }

    /// The bytes of the repacked weights, which the process holds in addition to the mapped file.
    public var packedBytes: Int { weight.byteCount }

    /// - Parameter x: [..., from].
    /// - Returns: [..., to], F32.
    public func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
        try adapted(weight.product(x, bias: bias, then: nil), x)
    }

    /// activation(x · Wᵀ + b), while the sums are still in the cache.
    ///
    /// - Parameter x: [..., from].
    /// - Returns: [..., to], F32.
    public func callAsFunction(
        _ x: Tensor, then activation: Activation
    ) throws(TensorError) -> Tensor {
        if isAdapted { return try activation(self(x)) }
        return try weight.product(x, bias: bias, then: activation)
    }

    /// Three maps of one input, such as an attention's queries, keys and values: the input is
    /// rounded once, and the threads are woken once.
    ///
    /// - Parameter x: [..., from].
    /// - Returns: [..., to] of each map, F32.
    public static func apply(
        _ first: Linear, _ second: Linear, _ third: Linear, to x: Tensor
    ) throws(TensorError) -> (Tensor, Tensor, Tensor) {
        let all = try PackedMatrix.products(x, [first, second, third].map { ($0.weight, $0.bias) })
        return try (first.adapted(all[0], x), second.adapted(all[1], x), third.adapted(all[2], x))
    }

    /// Two maps of one input, such as the gate and the values of a gated unit.
    ///
    /// - Parameter x: [..., from].
    /// - Returns: [..., to] of each map, F32.
    public static func apply(
        _ first: Linear, _ second: Linear, to x: Tensor
    ) throws(TensorError) -> (Tensor, Tensor) {
        let all = try PackedMatrix.products(x, [first, second].map { ($0.weight, $0.bias) })
        return try (first.adapted(all[0], x), second.adapted(all[1], x))
    }
}

// MARK: - Adapters

extension Linear {
    private var isAdapted: Bool {
        guard let place, let adapters = RowAdapters.current else { return false }
        return adapters.reach(place)
    }

    /// - Parameters:
    ///   - y: what the map alone gives.
    ///   - x: of what.
    private func adapted(_ y: Tensor, _ x: Tensor) throws(TensorError) -> Tensor {
        guard let place, let adapters = RowAdapters.current else { return y }
        var y = y
        try adapters.add(at: place, x, to: &y)
        return y
    }
}
