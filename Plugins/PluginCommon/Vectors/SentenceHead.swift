public import TensorRuntime

/// The vector of a text: Reimers and Gurevych 2019 (arXiv:1908.10084).
///
///     y = Projectionₖ(… Projection₁(pool(x)))
public struct SentenceHead: Sendable {
    public let pooling: Pooling
    let projections: [Projection]
    /// The numbers of a vector.
    public let width: Int

    /// - Parameters:
    ///   - x: [N, D].
    ///   - unpooled: for each text the rows at its beginning that are left out.
    /// - Returns: [texts, width].
    public func callAsFunction(
        _ x: Tensor, _ sequences: PackedSequences, leavingOut unpooled: [Int]
    ) throws -> Tensor {
        let pooled =
            pooling == .cls || unpooled.allSatisfy { $0 == 0 }
            ? try pooling(x, sequences) : try pooling(x, sequences, leavingOut: unpooled)
        return try projections.reduce(pooled) { try $1($0) }
    }

    /// A map after the pooling, as in LaBSE.
    ///
    ///     y = activation(x·W + b)
    struct Projection: Sendable {
        let linear: Linear
        let activation: Activation?

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            try activation.map { try linear(x, then: $0) } ?? linear(x)
        }
    }
}

// MARK: - Loading

extension SentenceHead {
    /// - Parameter hiddenSize: D of the states.
    public init(_ layout: SentenceLayout, _ pooling: Pooling, hiddenSize: Int) throws {
        self.pooling = pooling
        projections = try layout.projections.map { try Projection(directory: $0) }
        width = try layout.projections.reduce(hiddenSize) { width, directory in
            let dense = try DenseConfiguration(directory: directory)
            guard dense.inFeatures == width else {
                throw ConfigurationError.range(
                    "in_features", found: "\(dense.inFeatures)", expected: "\(width)")
            }
            return dense.outFeatures
        }
    }
}

extension SentenceHead.Projection {
    /// - Parameter directory: of a `Dense` module, with `config.json` and `model.safetensors`.
    fileprivate init(directory: String) throws {
        let c = try DenseConfiguration(directory: directory)
        let weights = try Weights(Checkpoint.open(directory))
        linear = try Linear(weights["linear"], from: c.inFeatures, to: c.outFeatures)
        activation = try c.activation
        try weights.requireAllRead()
    }
}

/// `config.json` of a `Dense` module.
private struct DenseConfiguration: Decodable {
    let inFeatures: Int
    let outFeatures: Int
    /// A class of PyTorch: `torch.nn.modules.activation.Tanh`.
    let activationFunction: String?

    init(directory: String) throws {
        self = try ConfigurationFile("\(directory)/config.json").decode()
        try ConfigurationChecks.sizes(["in_features": inFeatures, "out_features": outFeatures])
    }

    var activation: Activation? {
        get throws {
            let name = activationFunction?.split(separator: ".").last.map(String.init) ?? "Tanh"
            switch name {
            case "Identity": return nil
            case "Tanh": return .tanh
            case "ReLU": return .relu
            case "GELU": return .gelu
            case "SiLU": return .silu
            case "Sigmoid": return .sigmoid
            default:
                throw ConfigurationError.unsupported(
                    "activation_function", found: name,
                    expected: "Identity, Tanh, ReLU, GELU, SiLU or Sigmoid")
            }
        }
    }
}
