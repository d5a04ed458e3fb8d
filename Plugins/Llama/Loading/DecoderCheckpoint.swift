import PluginCommon
import TensorRuntime
import Tokenizers

/// A checkpoint of one of the plugin's families whose headers have been read.
struct DecoderCheckpoint {
    let checkpoint: Checkpoint
    let configuration: DecoderConfiguration
    let purpose: Purpose
    /// How vectors are made of the states.
    let sentence: SentenceLayout
    /// What the logits of a classifier mean.
    let head: HeadConfiguration
    let decoder: any DecoderNetwork.Type
    let memory: SequenceCache.Layout
    private let file: ConfigurationFile
    /// Of a directory.
    private let huggingFace: HuggingFaceForm

    /// - Returns: `nil` for a checkpoint of another family.
    /// - Throws: if it is of one of these families, but damaged or not supported.
    init?(_ path: String, _ settings: @autoclosure () throws -> LlamaSettings) throws {
        checkpoint = try Checkpoint.open(path)
        switch checkpoint.metadata {
        case .gguf(let metadata):
            guard let decoder = try Families.decoder(gguf: metadata),
                let form = decoder.family.gguf
            else { return nil }
            self.decoder = decoder
            huggingFace = decoder.family.huggingFace
            file = try form.configuration(metadata, checkpoint.tensors)
            do {
                configuration = try Self.checked(file, decoder)
            } catch let error as ConfigurationError {
                throw error.naming(form.key)
            }
            head = try HeadConfiguration(metadata, checkpoint.tensors)
            sentence = try SentenceLayout(metadata)
            purpose = try settings().purpose ?? Purpose(metadata)
        case .huggingFace(let metadata):
            let own = ConfigurationFile(name: "config.json", metadata.configuration)
            guard let head = try? own.decode(HeadConfiguration.self) else { return nil }
            self.head = head
            if let decoder = Families.decoder(
                modelType: head.modelType, architectures: head.architectures)
            {
                self.decoder = decoder
                huggingFace = decoder.family.huggingFace
                file = try huggingFace.configuration(own)
            } else if let decoder = Families.decoder(composite: head.architectures) {
                self.decoder = decoder
                huggingFace = decoder.family.huggingFace.ofComposite()
                file = try huggingFace.configuration(HuggingFaceForm.textConfiguration(own))
            } else {
                return nil
            }
            configuration = try Self.checked(file, decoder)
            sentence = try SentenceLayout(directory: metadata.directory)
            purpose = try settings().purpose ?? Purpose(head, sentence)
        }
        memory = try decoder.memory(configuration, in: file)
    }

    private static func checked(
        _ file: ConfigurationFile, _ decoder: any DecoderNetwork.Type
    ) throws -> DecoderConfiguration {
        let configuration = try file.decode(DecoderConfiguration.self)
        try configuration.check(layerTypes: decoder.family.layerTypes)
        try decoder.check(configuration, in: file)
        return configuration
    }
}

// MARK: - Sizes

extension DecoderCheckpoint {
    /// Bytes of the mapped weights.
    var weightBytes: UInt64 { checkpoint.tensors.values.storedBytes }

    /// Bytes of one sequence as long as the model allows.
    ///
    /// - Parameter element: of keys and values.
    func sequenceBytes(_ element: ElementType) -> UInt64 {
        memory.bytes(positions: configuration.contextLength, element: element)
    }
}

// MARK: - Loading

extension DecoderCheckpoint {
    /// The weights under the network's names.
    func weights() throws -> Weights {
        let (c, family) = (configuration, decoder.family)
        let layout =
            isGGUF ? family.gguf?.layout ?? TensorLayouts.asItIs : huggingFace.layout
        return try Weights(checkpoint, names: networkNames, layout: { try layout(c, $0, $1) })
    }

    /// The network's name of a stored tensor; nil for one that no network reads.
    private var networkNames: (String) -> String? {
        if isGGUF, let form = decoder.family.gguf { return form.huggingFaceName }
        let form = huggingFace
        let isBare = !checkpoint.tensors.keys.contains { $0.hasPrefix("\(form.network).") }
        return { form.networkName($0, isBare: isBare) }
    }

    private var isGGUF: Bool {
        if case .gguf = checkpoint.metadata { true } else { false }
    }

    /// - Parameter isHeadless: whether nobody will ask for its logits.
    func network(_ weights: Weights, isHeadless: Bool = false) throws -> any DecoderNetwork {
        var configuration = configuration
        configuration.isHeadless = isHeadless
        return try decoder.network(weights, configuration, from: file)
    }

    /// Finds what would make loading fail, as far as the headers tell.
    ///
    /// - Throws: naming a tensor of an unsupported type, or a key of the tokenizer.
    func checkFiles(_ settings: LlamaSettings) throws {
        try checkpoint.requireReadable(where: { networkNames($0) != nil })
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
