import PluginCommon
import PluginKit
import TensorRuntime

extension BertCheckpoint {
    func capabilities(
        _ loaded: LoadedBert.Head, maxTokens: Int
    ) throws -> VectorCapabilities {
        var capabilities = VectorCapabilities(maxTokens: maxTokens, countsTokens: true)
        switch loaded {
        case .sentence(let head, _):
            capabilities.dimensions = head.width
            capabilities.embedsTokens = true
        case .sequence:
            let labels = try head.labels
            capabilities.scoresPairs = labels.count == 1
            capabilities.labels = labels == ["LABEL_0"] ? [] : labels
            capabilities.classifiesPairs = true
        case .tokens, .spans: break
        }
        return capabilities
    }

    func info(_ settings: BertSettings, _ loaded: LoadedBert.Head) throws -> ModelInfo {
        var info = ModelInfo(
            architecture: head.architectures?.first ?? configuration.family,
            parameters: checkpoint.tensors.values.parameters,
            contextLength: configuration.maxTokens,
            quantization: quantization(settings.roundedTo),
            vectors: try vectorInfo(settings, loaded))
        switch checkpoint.metadata {
        case .gguf(let metadata):
            info.name = try metadata.string(ifPresent: "general.name")
            info.license = try metadata.string(ifPresent: "general.license")
            info.architecture = configuration.family
        case .huggingFace(let metadata):
            info.name = metadata.directory.split(separator: "/").last.map(String.init)
        }
        return info
    }

    /// Weights that a file stores in blocks stay so; others are rounded.
    private func quantization(_ roundedTo: RoundedTo) -> String? {
        guard let stored = checkpoint.tensors.values.storedType else { return nil }
        guard stored.blockSize == 1 else { return stored.name }
        switch roundedTo {
        case .f32: return stored.name
        case .bf16: return "BF16"
        case .int8: return "INT8"
        }
    }

    private func vectorInfo(
        _ settings: BertSettings, _ loaded: LoadedBert.Head
    ) throws -> VectorInfo {
        switch loaded {
        case .sentence(let head, _):
            let prompts = sentence(settings).prompts
            return VectorInfo(
                pooling: VectorInfo.Pooling(rawValue: head.pooling.rawValue),
                queryPrefix: prompts.query, passagePrefix: prompts.passage,
                matryoshka: settings.matryoshka ?? self.head.isMatryoshkaModel)
        case .sequence:
            return VectorInfo(
                problemType: try self.head.problem,
                scoreActivation: head.scoreActivation == "Identity" ? .identity : .sigmoid)
        case .tokens, .spans: return VectorInfo()
        }
    }
}
