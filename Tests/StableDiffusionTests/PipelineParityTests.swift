import Foundation
import PluginKit
import TensorRuntime
import TestFixtures
import Testing

@testable import StableDiffusion

/// Whole pipelines with the reference's noise: the latents after every step, and images.
@Suite struct PipelineParityTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let model: String
        let name: String
        let scheduler: Data  // scheduler_config.json
        let request: ImageRequest
        let noiseDraws: Int
        let startsFromImage: Bool

        var testDescription: String { "\(model) \(name)" }

        init?(_ model: String, _ json: [String: Any]) throws {
            guard let name = json["name"] as? String,
                let arguments = json["arguments"] as? [String: Any],
                var config = json["scheduler_config"] as? [String: Any],
                // Batches are jobs of their own; rescaled guidance is not to be had.
                let prompt = arguments["prompt"] as? String, arguments["guidance_rescale"] == nil
            else { return nil }
            config["_class_name"] = json["scheduler"]
            scheduler = try JSONSerialization.data(withJSONObject: config)
            self.model = model
            self.name = name
            noiseDraws = json["noise_draws"] as? Int ?? 0
            startsFromImage = arguments["image"] != nil
            let extra = arguments.filter { ["clip_skip", "eta"].contains($0.key) }
            request = ImageRequest(
                prompt: prompt, negativePrompt: arguments["negative_prompt"] as? String ?? "",
                width: arguments["width"] as? Int, height: arguments["height"] as? Int,
                steps: arguments["num_inference_steps"] as? Int,
                guidance: arguments["guidance_scale"] as? Double,
                strength: arguments["strength"] as? Double ?? 1,
                extraJSON: String(
                    decoding: try JSONSerialization.data(withJSONObject: extra), as: UTF8.self))
        }
    }

    private static let models = ["sd15", "sd21-v", "turbo"]
    private static let all = models.flatMap { (try? cases(of: $0)) ?? [] }

    private static func cases(of model: String) throws -> [Case] {
        let path = try Fixtures.find("\(model)/golden-pipelines.json")
        let file = try JSONSerialization.jsonObject(with: TestFiles.data(path)) as? [String: Any]
        return try (file?["cases"] as? [[String: Any]] ?? []).compactMap { try Case(model, $0) }
    }

    /// The cases of a file that is missing or cannot be read would not be missed otherwise.
    @Test(arguments: models) func theReferencesRunsAreHere(model: String) throws {
        #expect(try !Self.cases(of: model).isEmpty)
    }

    /// Latents have deviations of 1 to 20; float32 and float64 differ by 1e-4.
    private static let tolerance: Float = 2e-3
    /// The reference begins with an image of floats, which bytes round by up to 1/510.
    private static let roundedTolerance: Float = 5e-2

    @Test(arguments: all)
    func latentsAfterEveryStepAreTheReferences(_ c: Case) throws {
        let source = try Fixtures.find(c.model)
        let arrays = try Arrays("\(source)/golden-pipelines.safetensors")
        let folder = try TestFolder(
            copying: source, without: ["scheduler"],
            writing: ["scheduler/scheduler_config.json": c.scheduler])
        let model = try LoadedPipeline(folder.path)
        var request = c.request
        var draws = (0..<c.noiseDraws).map { arrays["\(c.name).noise.\($0)"].floats }
        if c.startsFromImage {
            let image = arrays.images("\(c.name).image").floats
            request.initial = image.map { UInt8(($0 * 255).rounded()) }
            (request.width, request.height) = (64, 64)
        } else {
            draws.insert(arrays["\(c.name).latents"].floats, at: 0)
        }
        let found = try model.draw(request, noise: StoredNoise(draws))
        let expected = arrays["\(c.name).steps"].rows
        #expect(found.latents.count == expected.count)
        let tolerance = c.startsFromImage ? Self.roundedTolerance : Self.tolerance
        for (step, (latents, numbers)) in zip(found.latents, expected).enumerated() {
            let reference = byPixels(numbers, 4)
            #expect(largestDifference(latents, reference) <= tolerance, "step \(step)")
        }
        guard !c.startsFromImage, arrays.arrays["\(c.name).output_image"] != nil else { return }
        let image = arrays.images("\(c.name).output_image").floats
        let drawn = found.image.rgb.map { Float($0) / 255 }
        #expect(largestDifference(drawn, image) <= 0.5 / 255 + 1e-4)
    }
}
