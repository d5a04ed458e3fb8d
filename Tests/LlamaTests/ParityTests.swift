import PluginABI
import PluginTesting
import TestFixtures
import Testing

/// A stored model, what the reference computed from the same numbers, and how far they may differ.
struct ParityCase: Sendable, CustomTestStringConvertible {
    let model: String
    let golden: String
    var tolerance: Float = 2e-4

    var testDescription: String { model }
}

extension ParityCase {
    /// A folder of decoders-tiny, or a file in it: one golden serves all.
    init(_ folder: String, _ file: String? = nil, tolerance: Float = 2e-4) {
        let folder = "decoders-tiny/\(folder)"
        self.init(
            model: file.map { "\(folder)/\($0)" } ?? folder, golden: "\(folder)/golden",
            tolerance: tolerance)
    }
}

/// Logits, tokens and greedy continuations against PyTorch with transformers.
@Suite struct ParityTests {
    /// F32 arithmetic on the stored numbers: the fixtures' README measured 2e-4 as far above the
    /// noise of any order of summation.
    static let floats = [
        ParityCase(model: "base", golden: "base/golden"),
        ParityCase(model: "base/model-f32.gguf", golden: "base/golden"),
        ParityCase(model: "base/model-f16.gguf", golden: "base/golden-f16"),
        ParityCase(model: "base/model-bf16.gguf", golden: "base/golden-bf16"),
        ParityCase(model: "base-sharded-bf16", golden: "base-sharded-bf16/golden"),
        ParityCase(model: "spm", golden: "spm/golden"),
        ParityCase(model: "spm/model-f32.gguf", golden: "spm/golden"),
        ParityCase(model: "rope-llama3", golden: "rope-llama3/golden"),
        ParityCase(model: "rope-llama3/model-f32.gguf", golden: "rope-llama3/golden"),
        ParityCase(model: "rope-linear", golden: "rope-linear/golden"),
        ParityCase(model: "rope-linear/model-f32.gguf", golden: "rope-linear/golden"),
        ParityCase(model: "tied", golden: "tied/golden"),
        ParityCase(model: "tied/model-f32.gguf", golden: "tied/golden"),
        ParityCase(model: "bias", golden: "bias/golden"),
        ParityCase(model: "bias/model-f32.gguf", golden: "bias/golden"),
        ParityCase("llama-bias"), ParityCase("llama-bias", "model-f32.gguf"),
        ParityCase("llama-yarn"), ParityCase("llama-yarn", "model-f32.gguf"),
        ParityCase("mistral"), ParityCase("mistral", "model-f32.gguf"),
        ParityCase(model: "mistral-swa", golden: "mistral-swa/golden"),
        ParityCase(model: "qwen2", golden: "qwen2/golden"),
        ParityCase(model: "qwen2/model-f32.gguf", golden: "qwen2/golden"),
        ParityCase(model: "qwen2-yarn", golden: "qwen2-yarn/golden"),
        ParityCase(model: "qwen2-yarn/model-f32.gguf", golden: "qwen2-yarn/golden"),
        ParityCase(model: "qwen3", golden: "qwen3/golden"),
        ParityCase(model: "qwen3/model-f32.gguf", golden: "qwen3/golden"),
        ParityCase(model: "gemma", golden: "gemma/golden"),
        ParityCase(model: "gemma/model-f32.gguf", golden: "gemma/golden"),
        ParityCase(model: "gemma2", golden: "gemma2/golden"),
        ParityCase(model: "gemma2/model-f32.gguf", golden: "gemma2/golden"),
        ParityCase("gemma3", tolerance: 5e-4),
        ParityCase("gemma3", "model-f16.gguf", tolerance: 5e-4),
        ParityCase(model: "phi3", golden: "phi3/golden"),
        ParityCase(model: "phi3/model-f32.gguf", golden: "phi3/golden"),
        ParityCase("smollm3"), ParityCase("smollm3", "model-f16.gguf"),
        ParityCase("granite"), ParityCase("granite", "model-f32.gguf"),
        ParityCase("olmo2"), ParityCase("olmo2", "model-f32.gguf"),
        ParityCase("exaone4"), ParityCase("exaone4-full"),
        ParityCase("exaone4-full", "model-f32.gguf"),
        ParityCase("glm4"), ParityCase("glm4", "model-f32.gguf"),
        ParityCase("stablelm"), ParityCase("stablelm", "model-f16.gguf"),
        ParityCase("cohere"), ParityCase("cohere", "model-f32.gguf"),
        ParityCase("cohere2"), ParityCase("cohere2", "model-f16.gguf"),
        ParityCase("nemotron", tolerance: 3e-4),
        ParityCase("nemotron", "model-f32.gguf", tolerance: 3e-4),
        ParityCase("gpt-oss", tolerance: 3e-4),
        ParityCase(
            model: "decoders-tiny/gpt-oss/model-f16.gguf",
            golden: "decoders-tiny/gpt-oss/golden-gguf", tolerance: 3e-4),
        ParityCase("mixtral"), ParityCase("mixtral", "model-f16.gguf"),
        ParityCase("qwen3-moe"), ParityCase("qwen3-moe", "model-f16.gguf"),
        ParityCase("olmoe"), ParityCase("olmoe", "model-f16.gguf"),
        ParityCase("granitemoe"), ParityCase("granitemoe", "model-f32.gguf"),
        ParityCase("gpt2"), ParityCase("gpt2", "model-f16.gguf"),
        ParityCase("gpt_neox"), ParityCase("gpt_neox", "model-f16.gguf"),
        ParityCase("falcon"), ParityCase("falcon", "model-f32.gguf"),
        ParityCase("lfm2"), ParityCase("lfm2", "model-f32.gguf"),
        ParityCase("qwen3-next"), ParityCase("qwen3-next", "model-f16.gguf"),
        ParityCase("qwen3.5", tolerance: 3e-4),
        ParityCase("qwen3.5", "model-f32.gguf", tolerance: 3e-4),
        ParityCase("mamba2"), ParityCase("mamba2", "model-f32.gguf"),
    ]

    @Test(arguments: floats) func logitsAreTheReferences(_ parity: ParityCase) throws {
        try compareLogits(parity)
    }

    @Test(arguments: floats) func greedyTokensAreTheReferences(_ parity: ParityCase) throws {
        let context = try TestModel(Fixtures.find(parity.model)).context()
        for prompt in try Golden(parity.golden).prompts {
            let found = try context.greedy(after: prompt.ids, count: prompt.greedyIds.count)
            #expect(found == prompt.greedyIds, "\(prompt.name)")
        }
    }

    @Test(arguments: floats) func textBecomesTheReferencesTokens(_ parity: ParityCase) throws {
        let model = try TestModel(Fixtures.find(parity.model))
        for prompt in try Golden(parity.golden).prompts {
            #expect(try model.tokenize(prompt.text) == prompt.ids, "\(prompt.name)")
        }
    }

    /// Files whose rotary factors are those of long texts in contexts longer than 256 positions.
    static let longRope = [
        ParityCase("phi3-longrope"), ParityCase("phi3-longrope", "model-f32.gguf"),
        ParityCase("phi4-mini"), ParityCase("phi4-mini", "model-f32.gguf"),
    ]

    @Test(arguments: longRope)
    func theContextsLengthChoosesTheFactorsOfLongTexts(_ parity: ParityCase) throws {
        let model = try TestModel(Fixtures.find(parity.model))
        for prompt in try Golden(parity.golden).prompts {
            let context = try model.context(contextLength: prompt.ids.count > 256 ? 0 : 256)
            try compareLogits(of: prompt, in: context, with: parity)
            let found = try context.greedy(after: prompt.ids, count: prompt.greedyIds.count)
            #expect(found == prompt.greedyIds, "\(prompt.name)")
        }
    }

    /// The frequencies follow from the length of the context, here from that of the prompt: the
    /// reference's change with every token beyond the positions of training, and leave its cached keys
    /// as they are.
    @Test func theContextsLengthChoosesTheBaseOfDynamicScaling() throws {
        let parity = ParityCase("llama-dynamic")
        let model = try TestModel(Fixtures.find(parity.model))
        for prompt in try Golden(parity.golden).prompts {
            let context = try model.context(contextLength: UInt32(max(64, prompt.ids.count)))
            try compareLogits(of: prompt, in: context, with: parity)
            guard prompt.ids.count < 64 else { continue }
            let found = try context.greedy(after: prompt.ids, count: prompt.greedyIds.count)
            #expect(found == prompt.greedyIds, "\(prompt.name)")
        }
        #expect(try model.context().capabilities.n_ctx == 128)
    }

    /// Every row of every prompt; the last row's best token too.
    func compareLogits(_ parity: ParityCase) throws {
        let context = try TestModel(Fixtures.find(parity.model)).context()
        for prompt in try Golden(parity.golden).prompts {
            try compareLogits(of: prompt, in: context, with: parity)
        }
    }

    private func compareLogits(
        of prompt: Golden.Prompt, in context: TestContext, with parity: ParityCase
    ) throws {
        let golden = try Golden(parity.golden)
        context.clear()
        let logits = try context.append(prompt.ids)
        let wanted = prompt.logitsPositions[0]..<prompt.logitsPositions[1]
        for (position, expected) in zip(wanted, golden.rows(prompt.logits)) {
            let difference = largestDifference(logits[position], expected)
            #expect(difference <= parity.tolerance, "\(prompt.name), row \(position)")
        }
        #expect(argmax(logits[prompt.ids.count - 1]) == prompt.argmaxLast, "\(prompt.name)")
    }
}
