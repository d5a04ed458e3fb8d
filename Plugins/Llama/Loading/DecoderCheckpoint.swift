import PluginCommon
import TensorRuntime
import Tokenizers

/// A checkpoint of one of the plugin's families whose headers have been read.
struct DecoderCheckpoint {
    let checkpoint: Checkpoint
    let configuration: DecoderConfiguration
    let decoder: any DecoderNetwork.Type
    private let file: ConfigurationFile

    /// - Returns: `nil` for a checkpoint of another family.
    /// - Throws: if it is of one of these families, but damaged or not supported.
    init?(_ path: String) throws {
        checkpoint = try Checkpoint.open(path)
        switch checkpoint.metadata {
        case .gguf(let metadata):
            guard let decoder = try Families.decoder(gguf: metadata),
                let form = decoder.family.gguf
            else { return nil }
            self.decoder = decoder
            file = try form.configuration(metadata, checkpoint.tensors)
            do {
                configuration = try Self.checked(file, decoder)
            } catch let error as ConfigurationError {
                throw error.naming(form.key)
            }
        case .huggingFace(let metadata):
            file = ConfigurationFile(name: "config.json", metadata.configuration)
            guard let names = try? file.decode(Names.self),
                let decoder = Families.decoder(
                    modelType: names.modelType, architectures: names.architectures)
            else { return nil }
            self.decoder = decoder
            configuration = try Self.checked(file, decoder)
        }
    }

    /// The part of `config.json` that names the family.
    private struct Names: Decodable {
        let modelType: String?
        let architectures: [String]?
    }

    private static func checked(
        _ file: ConfigurationFile, _ decoder: any DecoderNetwork.Type
    ) throws -> DecoderConfiguration {
        let configuration = try file.decode(DecoderConfiguration.self)
        try configuration.check()
        try decoder.check(configuration, in: file)
        return configuration
    }
}

// MARK: - Sizes

extension DecoderCheckpoint {
    /// Bytes of the mapped weights.
    var weightBytes: UInt64 { checkpoint.tensors.values.storedBytes }

    /// Bytes of one sequence as long as the model allows, keys and values in F16.
    var sequenceBytes: UInt64 {
        let c = configuration
        return .bytes(
            2 * 2, c.numHiddenLayers, c.keyValueHeads, c.headSize, c.contextLength)
    }
}

// MARK: - Loading

extension DecoderCheckpoint {
    func network() throws -> any DecoderNetwork {
        try decoder.network(weights(), configuration, from: file)
    }

    private func weights() throws -> Weights {
        let (c, family) = (configuration, decoder.family)
        guard case .gguf = checkpoint.metadata, let form = family.gguf else {
            return try Weights(
                checkpoint, names: Self.withoutBuffers,
                layout: { try family.huggingFaceLayout(c, $0, $1) })
        }
        return try Weights(
            checkpoint, names: form.huggingFaceName, layout: { try form.layout(c, $0, $1) })
    }

    /// Early checkpoints carry the rotary frequencies, which follow from the configuration.
    private static func withoutBuffers(_ name: String) -> String? {
        name.hasSuffix("rotary_emb.inv_freq") ? nil : name
    }

    /// Finds what would make loading fail, as far as the headers tell.
    ///
    /// - Throws: naming a tensor of an unsupported type, or a key of the tokenizer.
    func checkFiles(_ settings: LlamaSettings) throws {
        try checkpoint.requireReadable(where: { Self.withoutBuffers($0) != nil })
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
