import Foundation
import PluginKit
import TensorRuntime
import TestFixtures
import Testing

@testable import StableDiffusion

/// The demo models of Models/ against what diffusers draws with the same files and noise.
@Suite struct DemoModelTests {
    struct Description: Decodable {
        let prompt: String
        let ids: [Int32]
        let steps: Int
        let guidance: Double
    }

    /// Twenty steps, each a little off; the latents' deviation is 1.
    private static let tolerance: Float = 2e-3

    @Test(arguments: ["picture", "picture-fast"])
    func theReferencesImageIsDrawn(name: String) throws {
        let path = Fixtures.demo(name)
        let golden: Golden<Description> = try Golden("\(path)/golden")
        let (known, arrays) = (golden.description, golden.arrays)
        let model = try LoadedPipeline(path)
        #expect(try model.prompts.tokens(known.prompt) == known.ids)
        let states = try model.prompts.states(known.prompt).floats
        #expect(largestDifference(states, arrays["text"].floats) <= 5e-5)

        let request = ImageRequest(
            prompt: known.prompt, steps: known.steps, guidance: known.guidance)
        let found = try model.draw(request, noise: StoredNoise([arrays["noise"].floats]))
        let latents = byPixels(arrays["latents"].floats, 8)
        #expect(largestDifference(try #require(found.latents.last), latents) <= Self.tolerance)
        let image = byPixels(arrays["image"].floats, 3)
        let drawn = found.image.rgb.map { Float($0) / 255 }
        #expect(largestDifference(drawn, image) <= 0.5 / 255 + 1e-3)
        #expect((found.image.width, found.image.height) == (128, 128))
    }
}
