import PluginCommon
import TensorRuntime
import Tokenizers

/// A checkpoint of one of the plugin's families whose headers have been read.
struct BertCheckpoint {
    let checkpoint: Checkpoint
    let configuration: any EncoderConfiguration
    let purpose: Purpose
    let head: HeadConfiguration
    let sentence: SentenceLayout

    /// - Returns: `nil` for a checkpoint of another family.
    /// - Throws: if it is of one of these families, but damaged or not supported.
    init?(_ path: String) throws {
        checkpoint = try Checkpoint.open(path)
        switch checkpoint.metadata {
        case .gguf(let metadata):
            guard
                let configuration = try Families.configuration(metadata, checkpoint.tensors)
            else { return nil }
            self.configuration = configuration
            try Self.requireEncoder(metadata)
            head = try HeadConfiguration(metadata, checkpoint.tensors)
            sentence = try SentenceLayout(metadata)
        case .huggingFace(let metadata):
            let file = ConfigurationFile(name: "config.json", metadata.configuration)
            guard let head = try? file.decode(HeadConfiguration.self),
                let configuration = try Families.configuration(file, modelType: head.modelType)
            else { return nil }
            self.configuration = configuration
            self.head = head
            sentence = try SentenceLayout(directory: metadata.directory)
        }
        purpose = try head.purpose
        try configuration.check()
        try ConfigurationChecks.expect(
            "quantization_config", head.quantizationConfig.map { $0.quantMethod ?? "an object" },
            "null; use a GGUF file of the model")
    }

    /// - Throws: `ConfigurationError.unsupported` for a decoder.
    private static func requireEncoder(_ metadata: GGUFMetadata) throws {
        let key = "\(try metadata.string("general.architecture")).attention.causal"
        if try metadata.bool(ifPresent: key) == true {
            throw ConfigurationError.unsupported(key, found: "true", expected: "false")
        }
    }
}

// MARK: - Sizes

extension BertCheckpoint {
    /// Bytes of the open model: its tables as mapped, its maps as packed.
    func modelBytes(_ precision: Precision) -> UInt64 {
        checkpoint.tensors.values.filter { nameInNetwork($0.name) != nil }.reduce(0) {
            bytes, tensor in
            guard let packed = packedBits(of: tensor, precision) else {
                return bytes + tensor.storedBytes
            }
            return bytes + UInt64(tensor.elements) * packed / 8
        }
    }

    /// The bits per weight of a map; nil for what is not repacked.
    private func packedBits(of tensor: TensorEntry, _ precision: Precision) -> UInt64? {
        let isTable = ["embedding", "_embd", "attention_bias"].contains(where: tensor.name.contains)
        guard tensor.shape.count == 2, !isTable, tensor.type.blockSize == 1 else { return nil }
        switch precision {
        case .f32: return nil
        case .bf16: return 16
        case .int8: return 9
        }
    }

    /// Bytes of the states of the largest pass.
    var passBytes: UInt64 {
        let c = configuration
        let perToken = 8 * c.hiddenSize + 3 * c.intermediateSize
        return 4 * UInt64(perToken) * UInt64(max(TextPasses.tokens, c.maxTokens))
    }
}

// MARK: - Loading

extension BertCheckpoint {
    /// The weights under the network's names.
    func weights() throws -> Weights {
        try Weights(checkpoint, names: nameInNetwork)
    }

    /// The network's name of a stored tensor; nil for one that no network reads.
    private func nameInNetwork(_ stored: String) -> String? {
        switch checkpoint.metadata {
        case .gguf: configuration.networkName(gguf: stored)
        case .huggingFace: networkName(huggingFace: stored)
        }
    }

    /// Nil for buffers, which follow from the configuration, and for unused heads.
    private func networkName(huggingFace stored: String) -> String? {
        var name = stored
        if name.hasPrefix(configuration.basePrefix) {
            name.removeFirst(configuration.basePrefix.count)
        }
        if Self.buffers.contains(where: name.hasSuffix) { return nil }
        if configuration.pretrainingFolders.contains(where: name.hasPrefix), purpose == .embedding {
            return nil
        }
        let layout = configuration.headLayout(for: purpose)
        if name.hasPrefix("pooler."), layout.dense != "pooler.dense" { return nil }
        return configuration.networkName(huggingFace: name)
    }

    private static let buffers = [
        "embeddings.position_ids", "embeddings.token_type_ids", "rotary_emb.inv_freq",
    ]

    /// Finds what would make loading fail, as far as the headers tell.
    ///
    /// - Throws: naming a tensor of an unsupported type, or a key of the tokenizer.
    func checkFiles(_ settings: BertSettings) throws {
        try checkpoint.requireReadable(where: { nameInNetwork($0) != nil })
        if case .gguf(let metadata) = checkpoint.metadata {
            try GGUFVocabulary.check(
                metadata, of: checkpoint.path, preTokenizer: settings.preTokenizer)
        }
    }

    /// - Parameter preTokenizer: overrides what a GGUF file names.
    func tokenizer(preTokenizer: PreTokenizerName?) throws -> any Tokenizer {
        switch checkpoint.metadata {
        case .gguf(let metadata):
            try Tokenizers.load(
                gguf: GGUFVocabulary(metadata, of: checkpoint.path, preTokenizer: preTokenizer))
        case .huggingFace(let metadata): try Tokenizers.load(directory: metadata.directory)
        }
    }
}
