import PluginKit
import TensorRuntime

/// An image in progress: a step for each call of the scheduler, and one that decodes.
final class DrawingJob: ImageJob {
    private let model: LoadedPipeline
    private let request: DrawingRequest
    private let shape: LatentShape
    private let text: TextStates
    private let firstCall: Int

    // What a step changes, all or nothing.
    private var scheduler: any Scheduler
    private var noise: any NoiseSource
    private(set) var latents: [Float]
    private var call: Int
    /// The network's latest prediction of the final latents.
    private var original: [Float]?
    private var image: RGBImage?

    init(
        _ request: DrawingRequest, _ model: LoadedPipeline, noise: any NoiseSource, call: Call
    ) throws {
        self.model = model
        self.request = request
        shape = model.coder.shape(width: request.width, height: request.height)
        scheduler = try model.scheduler(
            request.scheduler, steps: request.steps, eta: request.eta)
        firstCall = request.firstCall(scheduler)
        self.call = firstCall
        text = try TextStates(Self.texts(request, model.prompts))
        try call.check()
        self.noise = noise
        latents = []
        latents = try firstLatents(call)
    }

    /// The negative prompt first, if guidance needs it.
    private static func texts(
        _ request: DrawingRequest, _ prompts: PromptReader
    ) throws -> [Tensor] {
        let prompt = try prompts.states(request.prompt, skipping: request.clipSkip)
        return request.guidance > 1
            ? [try prompts.states(request.negativePrompt), prompt] : [prompt]
    }

    private func firstLatents(_ call: Call) throws -> [Float] {
        guard let start = request.start else {
            return combined((scheduler.initialScale, draw(&noise)))
        }
        let original = try model.coder.latents(
            start.image, noise: draw(&noise), call: call)
        let ownNoise = draw(&noise)
        return firstCall < scheduler.timesteps.count
            ? scheduler.noised(original, ownNoise, at: firstCall) : original
    }

    /// Standard normal numbers by pixels.
    private func draw(_ noise: inout any NoiseSource) -> [Float] {
        shape.byPixels(noise.draw(shape.count))
    }

    // MARK: - Steps

    func step(call: Call) throws -> ImageProgress {
        if self.call < scheduler.timesteps.count {
            try denoise(call)
        } else {
            image = try model.coder.image(latents, shape, call: call)
        }
        let (denoising, made) = (scheduler.timesteps.count - firstCall, self.call - firstCall)
        let done = image != nil
        return ImageProgress(done: done, step: made + (done ? 1 : 0), of: denoising + 1)
    }

    private func denoise(_ call: Call) throws {
        let output = try self.output(call)
        var (scheduler, noise) = (scheduler, noise)
        original = scheduler.original(output, latents, at: self.call)
        latents = scheduler.step(output, latents, at: self.call) { draw(&noise) }
        (self.scheduler, self.noise) = (scheduler, noise)
        self.call += 1
    }

    /// Ho and Salimans 2022 (arXiv:2207.12598), equation 6, in diffusers' numbers: 1 is no guidance.
    private func output(_ call: Call) throws -> [Float] {
        let images = text.sequences.count
        let input = shape.tensor(scheduler.input(latents, at: self.call))
        let time = scheduler.timesteps[self.call]
        let outputs = try model.network(
            Tensor(joining: Array(repeating: input, count: images)),
            times: Array(repeating: time, count: images), text
        ) { _ in try call.check() }
        guard images == 2 else { return outputs.floats }
        return combined(
            (1 - request.guidance, outputs.rows(0..<1).floats),
            (request.guidance, outputs.rows(1..<2).floats))
    }

    // MARK: - Images

    func preview(call: Call) throws -> RGBImage? {
        model.previews(original ?? latents, shape)
    }

    func finish(call: Call) throws -> RGBImage {
        guard let image else { throw PluginError(.internal, "the image is not decoded") }
        return image
    }
}
