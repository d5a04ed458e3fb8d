import PluginCommon
import TensorRuntime
import Tokenizers

/// A checkpoint of a Llama whose headers have been read.
struct LlamaCheckpoint {
    let checkpoint: Checkpoint
    let configuration: LlamaConfiguration

    /// - Returns: `nil` for a checkpoint of another family.
    /// - Throws: for a Llama that is damaged or has what this plugin does not implement.
    init?(_ path: String) throws {
        checkpoint = try Checkpoint.open(path)
        switch checkpoint.metadata {
        case .gguf(let metadata):
            guard try metadata.string("general.architecture") == "llama" else { return nil }
            configuration = try LlamaConfiguration(
                metadata, isTied: checkpoint.tensors["output.weight"] == nil)
        case .huggingFace(let metadata):
            guard (try? Family(json: metadata.configuration))?.isLlama == true else { return nil }
            configuration = try LlamaConfiguration(json: metadata.configuration)
        }
        try configuration.check()
    }

    /// What `config.json` says about the family, whatever else it holds.
    private struct Family: Decodable {
        let modelType: String?
        let architectures: [String]?

        var isLlama: Bool {
            modelType == "llama" && architectures?.contains("LlamaForCausalLM") ?? true
        }
    }
}

// MARK: - Sizes

extension LlamaCheckpoint {
    /// Bytes of the mapped weights.
    var weightBytes: UInt64 { checkpoint.tensors.values.storedBytes }

    /// Bytes of one sequence as long as the model allows, keys and values in F16.
    var sequenceBytes: UInt64 {
        let c = configuration
        return .bytes(
            2 * 2, c.numHiddenLayers, c.keyValueHeads, c.headSize, c.maxPositionEmbeddings)
    }
}

// MARK: - Loading

extension LlamaCheckpoint {
    func network() throws -> LlamaModel {
        switch checkpoint.metadata {
        case .gguf:
            try LlamaModel(
                Weights(
                    checkpoint, names: LlamaModel.huggingFaceName,
                    layout: LlamaModel.huggingFaceLayout(configuration)),
                configuration)
        case .huggingFace:
            try LlamaModel(
                Weights(checkpoint, names: Self.withoutBuffers), configuration)
        }
    }

    /// Early checkpoints carry the rotary frequencies, which follow from the configuration.
    private static func withoutBuffers(_ name: String) -> String? {
        name.hasSuffix("rotary_emb.inv_freq") ? nil : name
    }

    /// What loading would find, as far as the headers tell.
    ///
    /// - Throws: naming a tensor of a type that is not computed with, or a key of the tokenizer.
    func checkFiles(_ settings: LlamaSettings) throws {
        try checkpoint.requireReadable(where: { Self.withoutBuffers($0) != nil })
        if case .gguf(let metadata) = checkpoint.metadata {
            try GGUFVocabulary.check(
                metadata, of: checkpoint.path, preTokenizer: settings.preTokenizer)
        }
    }

    /// - Parameter preTokenizer: in place of what a GGUF file names.
    func tokenizer(preTokenizer: PreTokenizerName?) throws -> any Tokenizer {
        switch checkpoint.metadata {
        case .gguf(let metadata):
            try Tokenizers.load(
                gguf: GGUFVocabulary(metadata, of: checkpoint.path, preTokenizer: preTokenizer))
        case .huggingFace(let metadata): try Tokenizers.load(directory: metadata.directory)
        }
    }
}
