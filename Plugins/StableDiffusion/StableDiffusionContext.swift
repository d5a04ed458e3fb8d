import PluginKit
import TensorRuntime

/// The calls of one lane. All state that outlives a call is in a job.
final class StableDiffusionContext: ImageContext {
    private let model: LoadedPipeline

    init(_ model: LoadedPipeline) {
        self.model = model
    }

    func begin(_ request: ImageRequest, call: Call) throws -> any ImageJob {
        try job(request, call)
    }

    private func job(_ request: ImageRequest, _ call: Call) throws -> DrawingJob {
        try DrawingJob(
            DrawingRequest(request, model.defaults, layers: model.prompts.layers), model,
            noise: NormalNoise(seed: request.seed), call: call)
    }
}

extension StableDiffusionContext: SelfTestingContext {
    /// The smallest images, in one step.
    func selfTest(within limit: Duration, call: Call) throws -> SelfTestReport {
        let size = 4 * model.defaults.multipleOf
        let request = ImageRequest(
            prompt: "a house", width: size, height: size, steps: 1, seed: 1)
        let (first, second) = try (draw(request, call), draw(request, call))
        let wrong = first.latents.count { !$0.isFinite }
        let darkest = first.image.rgb.min() ?? 0
        let lightest = first.image.rgb.max() ?? 0
        return SelfTestReport([
            .init(
                "latents are finite", passed: wrong == 0,
                detail: "\(wrong) of \(first.latents.count) are not"),
            .init(
                "the image has light and shade", passed: darkest < lightest,
                detail: "from \(darkest) to \(lightest)"),
            .init(
                "a seed draws the same image twice", passed: first.image == second.image),
        ])
    }

    private func draw(
        _ request: ImageRequest, _ call: Call
    ) throws -> (latents: [Float], image: RGBImage) {
        let job = try job(request, call)
        while try !job.step(call: call).done {}
        return (job.latents, try job.finish(call: call))
    }
}
