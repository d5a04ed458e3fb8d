import Engine
import JSON
import NIOCore

/// The body of `POST /completion`.
struct LlamaCompletionRequest: Sendable {
    let generation: GenerationOptions
    let prompt: CompletionRequest.Prompt
    let streams: Bool

    init(_ fields: Fields, defaults: (String?) -> SamplingParameters) throws {
        var generation = try GenerationOptions(fields, defaults: defaults)
        guard generation.choices == 1 else {
            throw APIError.unsupported(
                param: "n", "is not supported here, which has one completion; use /v1/completions")
        }
        let likeliest = try fields.integer("n_probs", in: 0...20) ?? 0
        generation.request.logprobs = likeliest > 0 ? likeliest : nil
        self.generation = generation
        guard let value = fields.value("prompt") else {
            throw APIError.missing(param: "prompt", expected: "a string or token ids")
        }
        prompt =
            try value.string.map { .text($0) } ?? .tokens(try value.tokenIDs(at: "prompt"))
        streams = try fields.bool("stream") ?? false
    }

    func request(_ engine: TextEngine) async throws -> GenerationRequest {
        var request = generation.request
        let tokens: [Int32] =
            switch prompt {
            case .text(let text):
                try await engine.tokenizer.tokenize(text, addSpecial: true, parseSpecial: true)
            case .tokens(let tokens): tokens
            }
        if engine.readsSource { request.source = tokens } else { request.prompt = tokens }
        return request
    }
}

/// Writes a reply as llama.cpp's server does.
struct LlamaCompletion: ReplyWriter {
    private let model: String
    private let queued = ContinuousClock.now
    private var first: ContinuousClock.Instant?
    private var end = ReplyEnd.stop

    init(of reply: Reply) {
        model = reply.model
    }

    func opening() -> ByteBuffer? { nil }

    /// Something of a reply in one piece has come.
    mutating func sawOutput() { first = first ?? .now }

    mutating func write(_ event: ReplyEvent) -> ByteBuffer? {
        switch event {
        case .text(let text, let tokens, _):
            first = first ?? .now
            var chunk = piece(text, isLast: false)
            if !tokens.isEmpty {
                chunk["completion_probabilities"] = LogprobsJSON.chat(tokens)["content"]
            }
            return LlamaCppDialect().framing.event(JSONValue.object(chunk).serialized())
        case .finish(let end, _):
            self.end = end
            return nil
        case .usage(let usage):
            return LlamaCppDialect().framing.event(
                JSONValue.object(last("", usage)).serialized())
        case .reasoning, .toolCall: return nil  // None is looked for in a completion.
        }
    }

    /// All in one piece.
    mutating func whole(_ reply: WholeReply) -> JSONValue {
        let choice = reply.choices[0]
        end = choice.finish
        var whole = last(choice.text, reply.usage)
        if !choice.tokens.isEmpty {
            whole["completion_probabilities"] = LogprobsJSON.chat(choice.tokens)["content"]
        }
        return .object(whole)
    }

    private func piece(_ text: String, isLast: Bool) -> JSONObject {
        JSONObject([
            (key: "index", value: 0), (key: "content", value: .string(text)),
            (key: "stop", value: .bool(isLast)),
        ])
    }

    private func last(_ text: String, _ usage: UsageSum) -> JSONObject {
        var last = piece(text, isLast: true)
        let (type, word) = end.stopType
        let members: [(String, JSONValue)] = [
            ("model", .string(model)), ("stop_type", .string(type)),
            ("stopping_word", .string(word)), ("truncated", false),
            ("tokens_predicted", .integer(usage.completionTokens)),
            ("tokens_evaluated", .integer(usage.promptTokens)),
            ("tokens_cached", .integer(usage.cachedTokens)), ("timings", timings(usage)),
        ]
        for (key, value) in members { last[key] = value }
        return last
    }

    private func timings(_ usage: UsageSum) -> JSONValue {
        let now = ContinuousClock.now
        let prompt = ((first ?? now) - queued) / .milliseconds(1)
        let output = (now - (first ?? now)) / .milliseconds(1)
        return [
            "prompt_n": .integer(usage.promptTokens - usage.cachedTokens),
            "prompt_ms": .number(prompt), "predicted_n": .integer(usage.completionTokens),
            "predicted_ms": .number(output),
        ]
    }
}

extension ReplyEnd {
    /// `stop_type` and `stopping_word`
    fileprivate var stopType: (String, String) {
        switch self {
        case .stop, .toolCalls: ("eos", "")
        case .stopString(let text): ("word", text)
        case .length: ("limit", "")
        }
    }
}
