import Foundation
import PluginABI
import PluginTesting
import TestFixtures
import Testing

/// What the library promises of jobs, previews, odd requests and damaged folders, with the demo models.
@Suite struct ContractTests {
    private static let path = Fixtures.demo("picture-fast")
    private let fast = ContractTests.path
    private let settings = #"{"steps": 2, "guidance": 1.5}"#

    // MARK: - Jobs

    @Test func jobsSideBySideDrawWhatTheyDrawAlone() throws {
        let model = try TestModel(fast, settings)
        let prompts = ["a red circle", "two blue stars on a green background"]
        let alone = try prompts.map { try model.begin($0).finish() }
        let jobs = try prompts.map { try model.begin($0) }
        for _ in 0..<3 { for job in jobs { try job.step() } }
        for (job, image) in zip(jobs, alone) {
            #expect(throws: BoundaryError.self) { try job.step() }
            _ = try job.preview()
            #expect(image.width == 128 && image.height == 128)
        }
        #expect(alone[0] != alone[1])
        let again = try prompts.map { try model.begin($0) }
        for _ in 0..<2 { for job in again { try job.step() } }
        #expect(try again.map { try $0.finish() } == alone)
    }

    @Test func progressCountsTheStepsAndTheDecoding() throws {
        let job = try TestModel(fast, settings).begin()
        var states: [[UInt32]] = []
        repeat {
            let state = try job.step()
            states.append([state.done, state.step, state.of])
        } while states.last?[0] == 0
        #expect(states == [[0, 1, 3], [0, 2, 3], [1, 3, 3]])
    }

    @Test func seedsDiffer() throws {
        let model = try TestModel(fast, settings)
        let images = try [UInt64(1), 2].map { seed in
            try model.begin { $0.seed = seed }.finish()
        }
        #expect(images[0] != images[1])
    }

    @Test func previewsAreSmallAndChangeNothing() throws {
        let model = try TestModel(fast, settings)
        let image = try model.begin().finish()
        let job = try model.begin()
        for _ in 0..<2 {
            let preview = try job.preview()
            #expect(preview.width == 16 && preview.height == 16)
            try job.step()
        }
        let last = try job.preview()
        #expect(try job.finish() == image)
        // The last preview has the image's colours, averaged over squares of 8 pixels.
        var difference = 0.0
        for index in last.rgb.indices {
            let (row, column, channel) = (index / 48, index / 3 % 16, index % 3)
            let mean =
                (0..<64).reduce(0.0) { sum, pixel in
                    let place = (row * 8 + pixel / 8) * 128 + column * 8 + pixel % 8
                    return sum + Double(image.rgb[3 * place + channel])
                } / 64
            difference += abs(mean - Double(last.rgb[index])) / Double(last.rgb.count)
        }
        #expect(difference < 24)
    }

    /// A look at the clock before each block of the network; what failed may be done again.
    @Test(arguments: [0, 1, 4])
    func aDeadlineEndsAStepThatMayBeMadeAgain(checks: Int) throws {
        let model = try TestModel(fast, settings)
        let image = try model.begin(extra: #"{"scheduler": "euler_a"}"#).finish()
        let job = try model.begin(extra: #"{"scheduler": "euler_a"}"#)
        try job.step()
        let late = #expect(throws: BoundaryError.self) { try job.step(checks: checks) }
        #expect(late?.status == -5)
        var cancel = ownCall
        let cancelled = #expect(throws: BoundaryError.self) { try job.step(cancel: &cancel) }
        #expect(cancelled?.status == -5)
        #expect(try job.finish() == image)
    }

    @Test func anImageToBeginWithIsChangedAsFarAsWasAsked() throws {
        let model = try TestModel(fast, #"{"steps": 4, "guidance": 1}"#)
        let prompt = "a red circle on a blue background"
        let first = try model.begin(prompt).finish()
        let changes = try [Float(0), 0.5, 1].map { strength in
            let changed = try model.begin(prompt, start: first.rgb) { $0.strength = strength }
                .finish()
            return zip(changed.rgb, first.rgb).reduce(0.0) {
                $0 + abs(Double($1.0) - Double($1.1)) / Double(first.rgb.count)
            }
        }
        #expect(changes[0] < 6 && changes[0] < changes[2])
        #expect(changes[1] < changes[2])
    }

    // MARK: - Requests

    private func refusal(
        extra: String = "", start: [UInt8] = [], mask: [UInt8] = [],
        _ change: (inout roost_image_req) -> Void = { _ in }
    ) throws -> BoundaryError {
        let model = try TestModel(fast, settings)
        return try #require(
            #expect(throws: BoundaryError.self) {
                try model.begin(extra: extra, start: start, mask: mask, change)
            })
    }

    @Test func aSizeThatCannotBeNamesTheNearest() throws {
        let odd = try refusal { ($0.width, $0.height) = (130, 61) }
        #expect(odd.status == -1)
        #expect(odd.message.contains("multiples of 8, the nearest is 128 × 64"))
        let large = try refusal { ($0.width, $0.height) = (4096, 4096) }
        #expect(large.status == -1 && large.message.contains("65536"))
        let wide = try refusal { ($0.width, $0.height) = (.max - 7, 8) }
        #expect(wide.status == -1)
    }

    @Test func otherSizesAreDrawn() throws {
        let model = try TestModel(fast, #"{"steps": 1, "guidance": 1}"#)
        // 5 × 3 latents: every level of the network has an odd size.
        for (width, height) in [(40, 24), (8, 8), (136, 64)] {
            let image = try model.begin {
                ($0.width, $0.height) = (UInt32(width), UInt32(height))
            }.finish()
            #expect(image.width == width && image.height == height)
        }
    }

    @Test(arguments: [
        (#"{"sheduler": "ddim"}"#, "known are scheduler, clip_skip, eta"),
        (#"{"scheduler": "dimm"}"#, "expected ddim, ddpm"),
        (#"{"clip_skip": 3}"#, "expected 0 to 2"), (#"{"clip_skip": -1}"#, "expected 0 to 2"),
        (#"{"eta": 2}"#, "expected 0 to 1"),
        (#"{"eta": 1, "scheduler": "euler"}"#, "but for the scheduler ddim"),
        (#"{"eta": "much"}"#, "eta"), ("[]", "extra_json"), ("{", "extra_json"),
    ])
    func whatIsMoreMustBeKnown(extra: String, says: String) throws {
        let error = try refusal(extra: extra)
        #expect(error.status == -1)
        #expect(error.message.contains(says), "\(error.message)")
    }

    @Test func whatCannotBeDoneIsRefused() throws {
        #expect(try refusal(mask: [1]).status == -2)
        #expect(try refusal(start: [1, 2, 3]).message.contains("expected 49152"))
        let steps = try refusal { $0.steps = 1001 }
        #expect(steps.status == -1 && steps.message.contains("expected 1 to 1000"))
        #expect(try refusal(extra: #"{"scheduler": "lcm"}"#) { $0.steps = 51 }.status == -1)
    }

    @Test(arguments: ["", "\0", String(repeating: "a circle ", count: 500), "🎨\u{200D}\u{0301}"])
    func anOddPromptIsDrawn(prompt: String) throws {
        let job = try TestModel(fast, #"{"steps": 1}"#).begin(prompt, negative: prompt)
        #expect(try job.finish().width == 128)
    }

    @Test(arguments: [
        "ddim", "ddpm", "pndm", "lcm", "euler", "euler_karras", "euler_a", "heun", "lms",
        "dpmpp_2m", "dpmpp_2m_karras", "dpmpp_2m_sde", "unipc",
    ])
    func everySchedulerDrawsAndRepeatsItself(name: String) throws {
        let model = try TestModel(fast, #"{"guidance": 1}"#)
        for steps in [UInt32(1), 2, 5] {
            let images = try (0..<2).map { _ in
                try model.begin(extra: "{\"scheduler\": \"\(name)\"}") { $0.steps = steps }
                    .finish()
            }
            #expect(images[0] == images[1])
        }
    }

    // MARK: - Models

    @Test func infoSaysWhatTheModelDraws() throws {
        let model = try TestModel(
            fast, #"{"steps": 4, "guidance": 1, "scheduler": "euler", "width": 64}"#)
        let image = try #require(try model.info()["image"] as? [String: Any])
        #expect(image["width"] as? Int == 64 && image["height"] as? Int == 128)
        #expect(image["steps"] as? Int == 4 && image["guidance"] as? Double == 1)
        #expect(image["multiple_of"] as? Int == 8)
        #expect(image["scheduler"] as? String == "euler")
        #expect((image["schedulers"] as? [String])?.contains("dpmpp_2m_karras") == true)
        let plain = try #require(try TestModel(fast).info()["image"] as? [String: Any])
        #expect(plain["steps"] as? Int == 50 && plain["guidance"] as? Double == 7.5)
        #expect(plain["scheduler"] as? String == "ddim")
    }

    @Test func theSelfTestPasses() throws {
        #expect(try TestModel(fast).selfTest().hasPrefix(#"{"passed": true"#))
    }

    @Test(arguments: [
        (#"{"stepps": 4}"#, "known are"), (#"{"steps": 0}"#, "steps"),
        (#"{"guidance": -1}"#, "guidance"), (#"{"scheduler": "x"}"#, "scheduler"),
        (#"{"width": 100}"#, "nearest is 104"), (#"{"precision": "int4"}"#, "precision"),
    ])
    func settingsThatCannotBeAreRefused(json: String, says: String) throws {
        let error = #expect(throws: BoundaryError.self) { try TestModel(self.fast, json) }
        #expect(error?.status == -1)
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
    }

    @Test func theBudgetIsKept() throws {
        let error = #expect(throws: BoundaryError.self) {
            try TestModel(self.fast, budget: 1 << 20)
        }
        #expect(error?.status == -3)
    }

    @Test func probesKnowTheFamily() throws {
        let plugin = PluginLibrary.stableDiffusion
        let probe = try plugin.probe(fast)
        #expect(probe.score == 80 && probe.bytes_host > 10_000_000)
        #expect(try plugin.probe(Fixtures.demo("answers")).score == 0)
    }

    @Test func imagesThatNoMachineHoldsAreABudgetThatIsMissed() throws {
        let folder = try damaged("unet/config.json") { data in
            let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
            return try JSONSerialization.data(
                withJSONObject: (object ?? [:]).merging(["sample_size": 1 << 20]) { $1 })
        }
        let settings = #"{"width": 1099511627776, "height": 1099511627776}"#
        let plugin = PluginLibrary.stableDiffusion
        #expect(try plugin.probe(folder.path).bytes_per_context > 1 << 50)
        let error = #expect(throws: BoundaryError.self) {
            try plugin.probe(folder.path, settings: settings)
        }
        #expect(error?.status == -1)
    }

    // MARK: - Damage

    /// A copy of the model whose folders are folders, with one file changed or gone.
    private func damaged(_ file: String, _ change: (Data) throws -> Data?) throws -> TestFolder {
        let parts = file.split(separator: "/").map(String.init)
        guard parts.count == 2 else {
            let whole = try TestFiles.data("\(fast)/\(file)")
            let changed = try change(whole)
            return try TestFolder(
                copying: fast, without: [file], writing: changed.map { [file: $0] } ?? [:])
        }
        let folder = try TestFolder(copying: fast, without: [parts[0]])
        let directory = "\(folder.path)/\(parts[0])"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        let source = "\(fast)/\(parts[0])"
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(source)/.") {
            let target = URL(fileURLWithPath: "\(directory)/\(name)")
            let whole = try TestFiles.data("\(source)/\(name)")
            if let data = name == parts[1] ? try change(whole) : whole {
                try data.write(to: target)
            }
        }
        return folder
    }

    private func refuses(_ folder: TestFolder, _ says: String = "") {
        let error = #expect(throws: BoundaryError.self) { try TestModel(folder) }
        #expect([-7, -4, -2].contains(error?.status))
        #expect(error?.message.isEmpty == false)
        #expect(says.isEmpty || error?.message.contains(says) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        "model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
        "vae/config.json", "vae/diffusion_pytorch_model.safetensors", "text_encoder/config.json",
        "text_encoder/model.safetensors", "tokenizer/vocab.json", "tokenizer/merges.txt",
        "scheduler/scheduler_config.json",
    ])
    func aMissingOrCutFileIsAnError(file: String) throws {
        try refuses(damaged(file) { _ in nil })
        guard !file.hasSuffix(".txt") else { return }
        try refuses(damaged(file) { $0.prefix($0.count / 2) })
        try refuses(damaged(file) { $0.prefix(0) })
    }

    @Test(arguments: [
        ("unet/config.json", "block_out_channels", "[64, 128, 100]", "block_out_channels"),
        ("unet/config.json", "cross_attention_dim", "64", "the text encoder's hidden_size"),
        ("unet/config.json", "in_channels", "9", "in_channels"),
        ("unet/config.json", "layers_per_block", "2", "missing"),
        ("unet/config.json", "norm_num_groups", "0", "norm_num_groups"),
        ("unet/config.json", "attention_head_dim", "[2, 4]", "one for each level"),
        ("unet/config.json", "sample_size", "16777216", "expected 1 to 1048576"),
        ("unet/config.json", "addition_embed_type", "\"text_time\"", "addition_embed_type"),
        ("unet/config.json", "down_block_types", "[\"A\"]", "down_block_types"),
        ("vae/config.json", "latent_channels", "4", "latent_channels"),
        ("vae/config.json", "scaling_factor", "0", "scaling_factor"),
        ("vae/config.json", "block_out_channels", "[]", "block_out_channels"),
        ("text_encoder/config.json", "num_attention_heads", "7", "num_attention_heads"),
        ("text_encoder/config.json", "hidden_act", "\"mish\"", "hidden_act"),
        ("text_encoder/config.json", "vocab_size", "700", "vocab_size"),
        ("scheduler/scheduler_config.json", "_class_name", "\"EDMEuler\"", "EDMEuler"),
        ("scheduler/scheduler_config.json", "num_train_timesteps", "0", "num_train_timesteps"),
        ("scheduler/scheduler_config.json", "thresholding", "true", "thresholding"),
        ("scheduler/scheduler_config.json", "beta_end", "-1", "beta_end"),
        ("model_index.json", "_class_name", "\"StableDiffusionXLPipeline\"", "Stable Diffusion 1"),
    ])
    func aConfigurationThatCannotBeIsNamed(
        file: String, key: String, json: String, says: String
    ) throws {
        let value = try JSONSerialization.jsonObject(
            with: Data(json.utf8), options: .fragmentsAllowed)
        try refuses(
            damaged(file) { data in
                var object =
                    try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
                object[key] = value
                return try JSONSerialization.data(withJSONObject: object)
            }, says == "vocab_size" || says == "latent_channels" ? "" : says)
    }
}
