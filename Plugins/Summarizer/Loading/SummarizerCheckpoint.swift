import PluginCommon
import PluginKit
import TensorRuntime
import Tokenizers

/// A checkpoint of one of the plugin's families whose headers have been read.
struct SummarizerCheckpoint {
    let configuration: any EncoderDecoderConfiguration
    let writing: WritingSettings
    private let checkpoint: Checkpoint
    private let metadata: HuggingFaceMetadata

    /// - Returns: `nil` for a checkpoint of another family or format.
    /// - Throws: if it is of one of these families, but damaged or not supported.
    init?(_ path: String) throws {
        checkpoint = try Checkpoint.open(path)
        guard case .huggingFace(let metadata) = checkpoint.metadata else { return nil }
        let file = ConfigurationFile(name: "config.json", metadata.configuration)
        guard let configuration = try Families.configuration(file) else { return nil }
        self.metadata = metadata
        self.configuration = configuration
        writing = try WritingSettings(
            configuration: file,
            generation: metadata.generationConfiguration.map {
                ConfigurationFile(name: "generation_config.json", $0)
            })
        try configuration.check()
        if let quantization = try file.decode(Quantization.self).quantizationConfig {
            throw ConfigurationError.unsupported(
                "quantization_config", found: quantization.quantMethod ?? "an object",
                expected: "null")
        }
        _ = try decoderStart
    }

    private struct Quantization: Decodable {
        let quantizationConfig: Method?

        struct Method: Decodable {
            let quantMethod: String?
        }
    }

    /// The first token of the decoder's sequences.
    var decoderStart: Int32 {
        get throws {
            guard let token = writing.decoderStart ?? configuration.usualDecoderStart else {
                throw ConfigurationError.missing("decoder_start_token_id")
            }
            guard (0..<configuration.vocabSize).contains(Int(token)) else {
                throw ConfigurationError.range(
                    "decoder_start_token_id", found: "\(token)",
                    expected: "0 to \(configuration.vocabSize - 1)")
            }
            return token
        }
    }
}

// MARK: - Sizes

extension SummarizerCheckpoint {
    /// Bytes of the open model; a head tied to the embedding is packed in addition to it.
    var modelBytes: UInt64 {
        let tensors = checkpoint.tensors.values
        return tensors.storedBytes + (tensors.map(\.storedBytes).max() ?? 0)
    }

    /// Bytes of one sequence of the model's intended length, and of its source.
    ///
    /// - Parameter element: of keys and values.
    func sequenceBytes(_ element: ElementType) -> UInt64 {
        let c = configuration
        let source = c.longestSource ?? c.trainedSource ?? c.decoderPositions
        let pages = [c.decoderPositions, source].map { KVCache.pages(positions: $0, window: nil) }
        return .bytes(
            KVCache.pageBytes(headSize: c.headSize, element: element), c.decoderDepth,
            c.decoderHeads, pages[0] + pages[1])
    }
}

// MARK: - Loading

extension SummarizerCheckpoint {
    func info(_ settings: SummarizerSettings) throws -> ModelInfo {
        ModelInfo(
            name: metadata.directory.split(separator: "/").last.map(String.init),
            architecture: configuration.architecture,
            parameters: checkpoint.tensors.values.parameters,
            contextLength: configuration.decoderPositions,
            quantization: quantization(settings.precision),
            source: SourceInfo(
                maxTokens: configuration.longestSource ?? configuration.trainedSource,
                prefix: writing.sourcePrefix),
            generation: writing.defaults)
    }

    private func quantization(_ roundedTo: RoundedTo?) -> String? {
        switch roundedTo {
        case nil, .f32: checkpoint.tensors.values.storedType?.name
        case .bf16: "BF16"
        case .int8: "INT8"
        }
    }

    func network(_ precision: Precision) throws -> any EncoderDecoder {
        try configuration.network(Weights(checkpoint), precision)
    }

    func tokenizer() throws -> any Tokenizer {
        try Tokenizers.load(directory: metadata.directory)
    }
}
