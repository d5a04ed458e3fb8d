import FoundationEssentials
import PluginCommon
import PluginKit
import TensorRuntime
import Tokenizers

/// A diffusers directory of Stable Diffusion whose headers have been read.
struct PipelineFolder {
    let path: String
    let text: CLIPTextConfiguration
    let unet: UNetConfiguration
    let autoencoder: AutoencoderConfiguration
    let scheduler: SchedulerConfiguration
    let schedulerKind: SchedulerKind
    private let checkpoints: [Part: Checkpoint]

    /// The folders with weights.
    enum Part: String, CaseIterable {
        case text = "text_encoder"
        case unet
        case autoencoder = "vae"
    }

    /// - Returns: `nil` for a folder of another family.
    /// - Throws: if it is Stable Diffusion, but damaged or not supported.
    init?(_ path: String) throws {
        guard try Self.isStableDiffusion(path) else { return nil }
        self.path = path
        text = try Self.configuration(path, Part.text.rawValue, "config.json")
        unet = try Self.configuration(path, Part.unet.rawValue, "config.json")
        autoencoder = try Self.configuration(path, Part.autoencoder.rawValue, "config.json")
        let file = "scheduler/scheduler_config.json"
        scheduler = try Self.configuration(path, "scheduler", "scheduler_config.json")
        let named: ClassName = try Self.configuration(path, "scheduler", "scheduler_config.json")
        let (text, unet, autoencoder, scheduler) = (text, unet, autoencoder, scheduler)
        schedulerKind = try Self.at(file) {
            try scheduler.check()
            return try SchedulerKind(className: named.name, scheduler)
        }
        try Self.at("text_encoder/config.json") { try text.check() }
        try Self.at("unet/config.json") { try unet.check() }
        try Self.at("vae/config.json") { try autoencoder.check() }
        try Self.at("unet/config.json") { try Self.agree(text, unet, autoencoder) }
        var checkpoints: [Part: Checkpoint] = [:]
        for part in Part.allCases {
            checkpoints[part] = try Checkpoint.open("\(path)/\(part.rawValue)")
        }
        self.checkpoints = checkpoints
    }

    /// diffusers' name of a class, in files of pipelines and schedulers.
    private struct ClassName: Decodable {
        let name: String

        /// After the decoder has turned snake case into camel case.
        enum CodingKeys: String, CodingKey {
            case name = "_className"
        }
    }

    private static let pipelines = ["StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline"]

    private static func isStableDiffusion(_ path: String) throws -> Bool {
        let file = "\(path)/model_index.json"
        guard FileManager.default.fileExists(atPath: file) else { return false }
        let named: ClassName = try decode(file, "model_index.json")
        if named.name.hasPrefix("StableDiffusionXL") {
            throw StableDiffusionError.inFile(
                "model_index.json",
                ConfigurationError.unsupported(
                    "_class_name", found: named.name,
                    expected: "\(pipelines[0]); models of the kind of Stable Diffusion 1 and 2"))
        }
        return pipelines.contains(named.name)
    }

    private static func agree(
        _ text: CLIPTextConfiguration, _ unet: UNetConfiguration,
        _ autoencoder: AutoencoderConfiguration
    ) throws {
        guard unet.crossAttentionDim == text.hiddenSize else {
            throw ConfigurationError.range(
                "cross_attention_dim", found: "\(unet.crossAttentionDim)",
                expected: "\(text.hiddenSize), the text encoder's hidden_size")
        }
        guard unet.inChannels == autoencoder.latentChannels else {
            throw ConfigurationError.range(
                "in_channels", found: "\(unet.inChannels)",
                expected: "\(autoencoder.latentChannels), the vae's latent_channels")
        }
    }
}

// MARK: - Files

extension PipelineFolder {
    /// Configuration files are small.
    private static let longest = 1 << 20

    private static func configuration<T: Decodable>(
        _ path: String, _ folder: String, _ name: String
    ) throws -> T {
        try decode("\(path)/\(folder)/\(name)", "\(folder)/\(name)")
    }

    private static func decode<T: Decodable>(_ path: String, _ name: String) throws -> T {
        guard let data = FileManager.default.contents(atPath: path), data.count <= longest else {
            throw StableDiffusionError.unreadable(file: path)
        }
        return try ConfigurationFile(
            name: name, SchedulerConfiguration.withoutInfinity(Array(data))
        ).decode()
    }

    /// Runs checks of a file; errors then name it.
    private static func at<T>(_ file: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch {
            throw StableDiffusionError.inFile(file, error)
        }
    }
}

// MARK: - Sizes

extension PipelineFolder {
    private var tensors: [TensorEntry] {
        checkpoints.values.flatMap { $0.tensors.values }
    }

    /// Weights of half precision that are no more than this are kept in F32: exactly as precise, and
    /// products are a third faster.
    private static let mostWidened = UInt64(128 << 20)

    private var widens: Bool { storedBytes <= Self.mostWidened }

    /// Bytes of the weights in memory.
    var weightBytes: UInt64 { widens ? 4 * UInt64(parameters) : storedBytes }

    private var storedBytes: UInt64 { tensors.storedBytes }

    var parameters: Int { tensors.parameters }

    var storedType: String? { tensors.storedType?.name }
}

// MARK: - Loading

extension PipelineFolder {
    func textEncoder(_ precision: Precision) throws -> CLIPTextModel {
        try load(.text, name: Self.textName) {
            try CLIPTextModel($0, text, precision)
        }
    }

    func network(_ precision: Precision) throws -> UNetModel {
        try load(.unet, name: { $0 }) { try UNetModel($0, unet, precision) }
    }

    func autoencoder(_ precision: Precision) throws -> AutoencoderModel {
        try load(.autoencoder, name: AutoencoderModel.currentName) {
            try AutoencoderModel($0, autoencoder, precision)
        }
    }

    func tokenizer() throws -> any Tokenizer {
        try Tokenizers.load(directory: "\(path)/tokenizer")
    }

    private func load<T>(
        _ part: Part, name: (String) -> String?, _ network: (Weights) throws -> T
    ) throws -> T {
        guard let checkpoint = checkpoints[part] else {
            throw StableDiffusionError.unreadable(file: "\(path)/\(part.rawValue)")
        }
        let widens = widens
        let weights = try Weights(checkpoint, names: name) { _, tensor in
            widens ? try dequantize(tensor) : tensor
        }
        let loaded = try network(weights)
        try weights.requireAllRead()
        return loaded
    }

    /// With and without the prefix that published files have; nil for what follows from the
    /// configuration or belongs to CLIP's other half.
    private static func textName(_ stored: String) -> String? {
        let prefix = "text_model."
        let name = stored.hasPrefix(prefix) ? String(stored.dropFirst(prefix.count)) : stored
        return ["embeddings.position_ids", "text_projection.weight"].contains(name) ? nil : name
    }
}
