import PluginCommon
import PluginKit
import TensorRuntime
import Tokenizers

/// An open pipeline: its networks, its tokenizer, and its description.
final class LoadedPipeline: TextModel {
    let info: ModelInfo
    let vocabulary: Vocabulary
    let defaults: PipelineDefaults
    let prompts: PromptReader
    let network: UNetModel
    let coder: ImageCoder
    let previews: PreviewMap
    private let folder: PipelineFolder

    init(
        _ folder: PipelineFolder, _ settings: StableDiffusionSettings, _ call: Call
    ) throws {
        let precision = settings.precision?.precision ?? .f32
        self.folder = folder
        defaults = try folder.defaults(settings)
        let tokenizer = try folder.tokenizer()
        prompts = try PromptReader(
            tokenizer: tokenizer, encoder: folder.textEncoder(precision), folder.text)
        try call.check()
        network = try folder.network(precision)
        try call.check()
        coder = ImageCoder(
            model: try folder.autoencoder(precision), folder.autoencoder)
        try call.check()
        previews = try PreviewMap(of: coder, call)
        vocabulary = Vocabulary(prompts.vocabulary)
        var info = ModelInfo(
            architecture: "stable-diffusion", parameters: folder.parameters,
            quantization: folder.storedType,
            image: ImageInfo(
                width: defaults.width, height: defaults.height, steps: defaults.steps,
                guidance: defaults.guidance, multipleOf: defaults.multipleOf,
                schedulers: SchedulerKind.names, scheduler: defaults.scheduler.rawValue,
                maxTokens: prompts.length))
        info.notes = tokenizer.notes
        self.info = info
    }

    func tokenize(
        _ text: String, plain: [Range<Int>], flags: TokenizeFlags, call: Call
    ) throws -> [Int32] {
        try prompts.tokenize(text, plain: plain, flags: flags)
    }

    func makeContext(
        _ parameters: ContextParameters, call: Call
    ) throws -> StableDiffusionContext {
        StableDiffusionContext(self)
    }

    /// The model's own scheduler keeps everything its file says; another one takes its betas and
    /// spacing.
    func scheduler(
        _ kind: SchedulerKind, steps: Int, eta: Double
    ) throws -> any Scheduler {
        let c =
            kind == folder.schedulerKind ? folder.scheduler : kind.adapt(folder.scheduler)
        return try kind.scheduler(c, steps: steps, eta: eta)
    }
}
