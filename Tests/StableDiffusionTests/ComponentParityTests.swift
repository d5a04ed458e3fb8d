import Foundation
import TensorRuntime
import TestFixtures
import Testing

@testable import StableDiffusion

/// The networks alone, against what transformers and diffusers compute of the same files.
@Suite struct ComponentParityTests {
    static let all = ["sd15", "sd21-v", "turbo"]

    private struct Description: Decodable {
        struct Parts: Decodable {
            let text: Text
        }
        struct Text: Decodable {
            let prompts: [String]
        }
        let parts: Parts
    }

    /// Sums in another order.
    private static let tolerance: Float = 5e-5

    private func open(_ name: String) throws -> (PipelineFolder, Golden<Description>) {
        let path = try Fixtures.find(name)
        return (
            try #require(try PipelineFolder(path)), try Golden("\(path)/golden-components")
        )
    }

    @Test(arguments: all)
    func promptsAreTokenizedAndEncoded(name: String) throws {
        let (folder, golden) = try open(name)
        let reader = try PromptReader(
            tokenizer: folder.tokenizer(), encoder: folder.textEncoder(.f32), folder.text)
        let ids = golden.arrays["text.input_ids"].rows
        let states = golden.arrays["text.last_hidden_state"].rows
        for (index, prompt) in golden.description.parts.text.prompts.enumerated() {
            #expect(try reader.tokens(prompt).map { Float($0) } == ids[index], "\(prompt)")
            let found = try reader.states(prompt).floats
            #expect(largestDifference(found, states[index]) <= Self.tolerance)
        }
    }

    @Test(arguments: all, ["unet.a", "unet.b"])
    func theNetworkPredictsTheReferencesNoise(name: String, part: String) throws {
        let (folder, golden) = try open(name)
        let arrays = golden.arrays
        let text = arrays["\(part).encoder_hidden_states"]
        let states = try TextStates(
            text.rows.map { Tensor($0, Array(text.shape.dropFirst())) })
        var blocks: [Tensor] = []
        let network = try folder.network(.f32)
        let times = arrays["\(part).timestep"].floats
        let found = try network(arrays.images("\(part).sample"), times: times, states) {
            blocks.append($0)
        }
        let difference = largestDifference(found.floats, arrays.images("\(part).output").floats)
        #expect(difference <= Self.tolerance)
        guard part == "unet.a" else { return }
        // At t = 981 the last bit of a frequency is 6e-5 of an angle.
        let waves = network.time.waves(times).floats
        #expect(largestDifference(waves, arrays["\(part).time_proj"].floats) <= 1e-4)
        let first = arrays.images("\(part).after.conv_in").floats
        #expect(largestDifference(blocks[0].floats, first) <= Self.tolerance)
    }

    @Test(arguments: all)
    func imagesAreDecodedAndEncoded(name: String) throws {
        let (folder, golden) = try open(name)
        let (model, arrays) = (try folder.autoencoder(.f32), golden.arrays)
        let decoded = try model.decoder(arrays.images("vae.latents")) {}
        let expected = arrays.images("vae.decoded").floats
        #expect(largestDifference(decoded.floats, expected) <= Self.tolerance)

        let moments = try model.encoder(arrays.images("vae.image")) {}
        let reference = try Tensor(besides: [
            arrays.images("vae.posterior_mean"), arrays.images("vae.posterior_logvar"),
        ])
        #expect(largestDifference(moments.floats, reference.floats) <= Self.tolerance)
    }

    /// Each component has its half-precision file alone.
    @Test func halfPrecisionVariantsAreRead() throws {
        let source = try Fixtures.find("sd15")
        let golden = try Arrays("\(source)/golden-fp16-files.safetensors")
        let components = try Arrays("\(source)/golden-components.safetensors")
        let folder = try TestFolder(copying: source, without: ["unet", "text_encoder"])
        for (part, stem) in [("unet", "diffusion_pytorch_model"), ("text_encoder", "model")] {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/\(part)", withIntermediateDirectories: true)
            for name in ["config.json", "\(stem).fp16.safetensors"] {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(folder.path)/\(part)/\(name)",
                    withDestinationPath: "\(source)/\(part)/\(name)")
            }
        }
        let pipeline = try #require(try PipelineFolder(folder.path))
        let text = components["unet.a.encoder_hidden_states"]
        let found = try pipeline.network(.f32)(
            components.images("unet.a.sample"), times: components["unet.a.timestep"].floats,
            TextStates(text.rows.map { Tensor($0, Array(text.shape.dropFirst())) })
        ) { _ in }
        let expected = golden.images("unet.a.output").floats
        #expect(largestDifference(found.floats, expected) <= Self.tolerance)
    }
}
