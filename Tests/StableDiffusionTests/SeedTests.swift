import Foundation
import PluginKit
import TestFixtures
import Testing

@testable import StableDiffusion

/// A seed draws what diffusers draws with it: the noise is torch's, first and at every step.
@Suite struct SeedTests {
    struct Description: Decodable {
        struct Case: Decodable {
            let prompt: String
            let scheduler: String
            let seed: UInt64
            let steps: Int
            let guidance: Double
        }
        let cases: [Case]
    }

    @Test func aSeedDrawsDiffusersImage() throws {
        let path = TestFiles.root.appendingPathComponent("Tests/Fixtures/image/seeds").path
        let golden: Golden<Description> = try Golden(path)
        let model = try LoadedPipeline(Fixtures.demo("picture-fast"))
        for (index, known) in golden.description.cases.enumerated() {
            let request = ImageRequest(
                prompt: known.prompt, steps: known.steps, guidance: known.guidance,
                seed: known.seed, extraJSON: "{\"scheduler\": \"\(known.scheduler)\"}")
            let found = try model.draw(request, noise: NormalNoise(seed: known.seed))
            let expected = byPixels(golden.arrays["\(index)"].floats, 8)
            let difference = largestDifference(try #require(found.latents.last), expected)
            #expect(difference <= 2e-3, "\(known.scheduler), seed \(known.seed)")
        }
    }
}
