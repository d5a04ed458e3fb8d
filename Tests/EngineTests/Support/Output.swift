import Engine

/// All that a stream brought.
struct Output {
    var text = ""
    var tokens: [TokenLogProb] = []
    /// What was said of the prompt's.
    var prompt: [TokenLogProb] = []
    /// The text event by event.
    var pieces: [String] = []
    /// The marks, each with how many bytes of text came before it.
    var marks: [(token: Int32, offset: Int)] = []
    var reason: FinishReason?
    var usage = Usage()

    var ids: [Int32] { tokens.map(\.id) }

    mutating func append(_ event: GenerationEvent) {
        switch event {
        case .prompt(let scores): prompt += scores
        case .text(let text, let tokens):
            self.text += text
            self.tokens += tokens
            pieces.append(text)
        case .mark(let token): marks.append((token, text.utf8.count))
        case .finished(let reason, let usage):
            self.reason = reason
            self.usage = usage
        }
    }

    /// Whether a client could not tell the two apart, but for the time they took.
    func isSame(as other: Output) -> Bool {
        text == other.text && tokens == other.tokens && prompt == other.prompt
            && reason == other.reason
            && usage == other.usage
    }
}

extension GenerationStream {
    func output() async throws -> Output {
        var output = Output()
        for try await event in self { output.append(event) }
        return output
    }
}

extension GenerationRequest {
    /// A request whose output carries token ids, so that runs can be compared exactly.
    static func plain(_ prompt: [Int32], maxTokens: Int, seed: UInt64? = nil) -> Self {
        plain(GenerationRequest(prompt: prompt), maxTokens, seed)
    }

    /// The same of an encoder-decoder.
    static func plain(source: [Int32], maxTokens: Int, seed: UInt64? = nil) -> Self {
        plain(GenerationRequest(source: source), maxTokens, seed)
    }

    private static func plain(
        _ request: GenerationRequest, _ maxTokens: Int, _ seed: UInt64?
    ) -> Self {
        var request = request
        request.maxTokens = maxTokens
        request.logprobs = 0
        if seed == nil { request.sampling = .greedy }
        request.sampling.seed = seed ?? 0
        return request
    }
}

/// A repeatable source of random test cases (SplitMix64).
struct TestRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
