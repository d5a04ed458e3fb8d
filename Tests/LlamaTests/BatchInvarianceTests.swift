import PluginABI
import PluginTesting
import Testing

/// Logits are bit-equal however rows are batched, as the capability says.
@Suite struct BatchInvarianceTests {
    static let models = [
        "base", "base/model-f16.gguf", "base/model-bf16.gguf", "base/model-q8_0.gguf",
        "base/model-q4_0.gguf", "kquant/model-q4_k_m.gguf", "kquant/model-q6_k.gguf", "spm",
        "tied", "bias", "qwen2/model-q8_0.gguf", "qwen2-yarn", "qwen3",
        "mistral-swa", "gemma", "gemma2", "decoders-tiny/gemma3", "phi3", "decoders-tiny/phi4-mini",
        "decoders-tiny/smollm3", "decoders-tiny/granite", "decoders-tiny/olmo2",
        "decoders-tiny/exaone4", "decoders-tiny/glm4", "decoders-tiny/llama-dynamic",
        "decoders-tiny/cohere2", "decoders-tiny/nemotron", "decoders-tiny/gpt-oss",
        "decoders-tiny/mixtral",
        "decoders-tiny/qwen3-moe", "decoders-tiny/gpt2", "decoders-tiny/gpt_neox",
        "decoders-tiny/falcon",
    ]

    /// Those that cannot go back.
    static let recurrent = [
        "decoders-tiny/lfm2", "decoders-tiny/qwen3-next", "decoders-tiny/qwen3.5",
        "decoders-tiny/mamba2",
    ]

    private static let cacheTypes = ["f16", "bf16", "q8_0", "f32"]

    private func model(_ name: String, _ cache: String) throws -> TestModel {
        try TestModel(Fixtures.find(name), settings: #"{"cache_type": "\#(cache)"}"#)
    }

    /// Whether a sequence returns to any of its positions: not where a layer's window has passed them.
    private func goesBack(_ context: TestContext) -> Bool {
        context.capabilities.flags & UInt32(ROOST_SEQ_TRUNCATE_ANY) != 0
    }

    /// Tokens that look like nothing in particular.
    private func tokens(_ count: Int, _ seed: Int32, of context: TestContext) -> [Int32] {
        let vocabulary = Int32(context.capabilities.n_vocab)
        return (0..<Int32(count)).map { ($0 * $0 * 7 + seed * 131 + $0 * 37) % vocabulary }
    }

    @Test(arguments: models, cacheTypes)
    func theCapabilityIsDeclared(name: String, cache: String) throws {
        #expect(
            try model(name, cache).context().capabilities.flags
                & UInt32(ROOST_LOGITS_BATCH_INVARIANT) != 0)
    }

    @Test(arguments: models + recurrent, cacheTypes)
    func eightSequencesAtOnceEqualEightAlone(name: String, cache: String) throws {
        let model = try model(name, cache)
        let together = try model.context(sequences: 8)
        let alone = try model.context()
        let lengths = [1, 3, 8, 17, 32, 33, 40, 2]
        let prompts = lengths.enumerated().map { index, length in
            tokens(length + 1, Int32(index), of: alone)
        }
        for (sequence, prompt) in prompts.enumerated() {
            _ = try together.append(prompt.dropLast(), to: UInt32(sequence))
        }
        let rows = prompts.enumerated().map { sequence, prompt in
            Row(
                token: prompt[prompt.count - 1], sequence: UInt32(sequence),
                position: UInt32(prompt.count - 1))
        }
        let logits = try together.forward(rows)
        for (sequence, prompt) in prompts.enumerated() {
            alone.clear()
            #expect(try alone.append(prompt).last == logits[sequence], "sequence \(sequence)")
        }
    }

    @Test(arguments: models + recurrent, cacheTypes)
    func aPromptInChunksEqualsThePromptAtOnce(name: String, cache: String) throws {
        let context = try model(name, cache).context()
        let prompt = tokens(101, 5, of: context)
        let whole = try context.append(prompt)
        for chunk in [1, 7, 32, 64] {
            context.clear()
            let rows = try stride(from: 0, to: prompt.count, by: chunk).flatMap { start in
                try context.append(Array(prompt[start..<min(start + chunk, prompt.count)]))
            }
            #expect(rows == whole, "chunks of \(chunk)")
        }
    }

    @Test(arguments: models + recurrent, cacheTypes)
    func rowsOfManySequencesMayBeInterleaved(name: String, cache: String) throws {
        let context = try model(name, cache).context(sequences: 2)
        let prompts = [tokens(12, 1, of: context), tokens(12, 2, of: context)]
        let whole = try [context.append(prompts[0], to: 0), context.append(prompts[1], to: 1)]
        context.clear(0)
        context.clear(1)
        let rows = (0..<24).map { index in
            Row(
                token: prompts[index % 2][index / 2], sequence: UInt32(index % 2),
                position: UInt32(index / 2))
        }
        let logits = try context.forward(rows)
        #expect((0..<24).allSatisfy { logits[$0] == whole[$0 % 2][$0 / 2] })
    }

    @Test(arguments: models, cacheTypes)
    func aForkGoesOnLikeItsSource(name: String, cache: String) throws {
        let context = try model(name, cache).context(sequences: 3)
        let prompt = tokens(70, 3, of: context)
        let whole = try context.append(prompt)
        for length in [1, 31, 32, 50, 69] {
            if !goesBack(context) {
                context.clear(0)
                _ = try context.append(Array(prompt[..<length]))
            }
            context.clear(1)
            try context.fork(0, to: 1, length: UInt32(length))
            let rest = try context.append(Array(prompt[length...]), to: 1)
            #expect(rest == Array(whole[length...]), "fork after \(length)")
        }
        // What the fork appended has not changed the source.
        if goesBack(context) { try context.truncate(0, to: 69) }
        #expect(try context.append([prompt[69]]) == [whole[69]])
    }

    @Test(arguments: models, cacheTypes)
    func aTruncatedSequenceGoesOnAsIfItHadNeverBeenLonger(name: String, cache: String) throws {
        let context = try model(name, cache).context()
        let prompt = tokens(50, 4, of: context)
        let whole = try context.append(prompt)
        guard goesBack(context) else {
            // Far enough that the first page is gone.
            _ = try context.append(tokens(70, 5, of: context))
            let error = #expect(throws: BoundaryError.self) { try context.truncate(0, to: 1) }
            #expect(error?.status == -2)
            #expect(try context.length(0) == 120)
            try context.truncate(0, to: 0)
            #expect(try context.append(prompt) == whole)
            return
        }
        for length in [49, 40, 32, 31, 0] {
            try context.truncate(0, to: UInt32(length))
            #expect(try context.length(0) == UInt32(length))
            let rest = try context.append(Array(prompt[length...]))
            #expect(rest == Array(whole[length...]), "truncated to \(length)")
        }
    }
}
