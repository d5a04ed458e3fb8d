import Foundation
import PluginKit

@testable import StableDiffusion

/// Draws that the reference stored, in its order.
struct StoredNoise: NoiseSource {
    private var draws: ArraySlice<[Float]>

    init(_ draws: [[Float]]) {
        self.draws = draws[...]
    }

    mutating func draw(_ count: Int) -> [Float] {
        let draw = draws.removeFirst()
        precondition(draw.count == count)
        return draw
    }
}

extension LoadedPipeline {
    /// Latents after each step, and the image.
    func draw(
        _ request: ImageRequest, noise: some NoiseSource
    ) throws -> (latents: [[Float]], image: RGBImage) {
        let job = try DrawingJob(
            DrawingRequest(request, defaults, layers: prompts.layers), self, noise: noise,
            call: Call())
        var latents: [[Float]] = []
        while try !job.step(call: Call()).done { latents.append(job.latents) }
        return (latents, try job.finish(call: Call()))
    }

    convenience init(_ path: String, _ settings: StableDiffusionSettings = .init()) throws {
        guard let folder = try PipelineFolder(path) else {
            throw PluginError(.unsupported, "'\(path)' is not Stable Diffusion")
        }
        try self.init(folder, settings, Call())
    }
}
