import PluginHost

/// The type of a tensor's elements, as far as this host has it.
enum TensorType: String {
    case bytes = "BYTES"
    case float = "FP32"
}

struct TensorSpec: Equatable {
    let name: String
    let type: TensorType
}

/// What a model is asked for by a request of tensors.
enum InferKind: CaseIterable {
    /// `text` → `embedding` `[N, D]`
    case embed
    /// `text` → `scores` `[N, L]`, `label` `[N]`
    case classify
    /// `text_input` → `text_output`, each `[N]`
    case generate

    static func kinds(of capabilities: [Capability]) -> [InferKind] {
        allCases.filter { kind in
            switch kind {
            case .embed: capabilities.contains(.embeddings)
            case .classify: capabilities.contains(.classify)
            case .generate: capabilities.contains(.completion)
            }
        }
    }

    var input: TensorSpec {
        TensorSpec(name: self == .generate ? "text_input" : "text", type: .bytes)
    }

    var outputs: [TensorSpec] {
        switch self {
        case .embed: [TensorSpec(name: "embedding", type: .float)]
        case .classify:
            [
                TensorSpec(name: "scores", type: .float), TensorSpec(name: "label", type: .bytes),
            ]
        case .generate: [TensorSpec(name: "text_output", type: .bytes)]
        }
    }

    /// With their shapes; -1 is any length.
    func outputs(of status: DeploymentStatus) -> [(TensorSpec, [Int])] {
        outputs.map { spec in
            switch spec.name {
            case "embedding": (spec, [-1, status.description?.vectors?.dimensions ?? -1])
            case "scores": (spec, [-1, status.description?.vectors?.labels.count ?? -1])
            default: (spec, [-1])
            }
        }
    }
}
