import Engine
import JSON

/// The body of `POST /v1/completions`.
struct CompletionRequest: Sendable {
    let generation: GenerationOptions
    let prompts: [Prompt]
    /// Whether "<|im_end|>" in a prompt is that token: clients render chat templates themselves.
    private let parsesSpecial: Bool
    let stream: StreamOptions

    enum Prompt: Equatable, Sendable {
        case text(String)
        case tokens([Int32])
    }

    init(_ fields: Fields, defaults: (String?) -> SamplingParameters) throws {
        var generation = try GenerationOptions(fields, defaults: defaults)
        generation.request.echo = try fields.bool("echo") ?? false
        generation.request.logprobs = try fields.integer("logprobs", in: 0...20)
        // Who asks for both takes the prompt's tokens to be all but the last `max_tokens`.
        generation.request.reportsEnd = generation.request.echo
        generation.request.maxTokens = generation.request.maxTokens ?? 16
        let stream = try StreamOptions(fields)
        if let candidates = try fields.integer("best_of", in: 1...128) {
            try generation.choose(among: candidates, stream)
        }
        try generation.refuseStream(stream)
        self.generation = generation
        prompts = try Self.prompts(fields)
        parsesSpecial = try fields.bool("parse_special") ?? true
        self.stream = stream
        if try fields.string("suffix")?.isEmpty == false {
            throw APIError.unsupported(param: "suffix", "is not supported; leave it out")
        }
    }

    /// A text, texts, tokens, or arrays of tokens.
    private static func prompts(_ fields: Fields) throws -> [Prompt] {
        guard let value = fields.value("prompt") else {
            throw APIError.missing(param: "prompt", expected: "a string or an array")
        }
        if let text = value.string { return [.text(text)] }
        guard let elements = value.array, !elements.isEmpty,
            elements.count <= most || isTokens(value)
        else { throw fields.wrong("prompt", value, expected: Self.expected) }
        if isTokens(value) { return [.tokens(try value.tokenIDs(at: "prompt"))] }
        return try elements.enumerated().map { index, element in
            if let text = element.string { return .text(text) }
            return .tokens(try element.tokenIDs(at: "prompt[\(index)]"))
        }
    }

    private static let most = 128
    private static let expected =
        "a string, up to \(most) strings, an array of token ids, or up to \(most) of those"

    private static func isTokens(_ value: JSONValue) -> Bool {
        value.array?.first?.number != nil
    }
}

extension CompletionRequest {
    /// What one choice of each prompt asks the model for. A model with an encoder reads the prompt and writes
    /// another text.
    func requests(_ engine: TextEngine) async throws -> [GenerationRequest] {
        if engine.readsSource, generation.request.echo {
            throw APIError.unsupported(
                param: "echo",
                "repeats a prompt that the output goes on from; this model only reads it")
        }
        var requests: [GenerationRequest] = []
        for prompt in prompts {
            let tokens = try await tokens(of: prompt, engine)
            var request = generation.request
            if engine.readsSource { request.source = tokens } else { request.prompt = tokens }
            requests.append(request)
        }
        return requests
    }

    private func tokens(of prompt: Prompt, _ engine: TextEngine) async throws -> [Int32] {
        switch prompt {
        case .text(let text):
            try await engine.tokenizer.tokenize(text, addSpecial: true, parseSpecial: parsesSpecial)
        case .tokens(let tokens): tokens
        }
    }
}
