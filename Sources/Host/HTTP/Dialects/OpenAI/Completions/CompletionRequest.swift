import Engine
import JSON

/// The body of `POST /v1/completions`.
struct CompletionRequest {
    var generation: GenerationFields
    var prompts: [Prompt]
    var echo: Bool
    /// Whether "<|im_end|>" in a prompt is that token: clients render chat templates themselves.
    var parsesSpecial: Bool
    var logprobs: Int?

    enum Prompt: Equatable {
        case text(String)
        case tokens([Int32])
    }

    init(_ fields: Fields, defaults: (String?) -> SamplingParameters) throws {
        generation = try GenerationFields(fields, defaults: defaults)
        prompts = try Self.prompts(fields)
        echo = try fields.bool("echo") ?? false
        parsesSpecial = try fields.bool("parse_special") ?? true
        logprobs = try fields.integer("logprobs", in: 0...20)
        generation.maxTokens = generation.maxTokens ?? 16
        if let best = try fields.integer("best_of", in: 1...128), best != generation.choices {
            throw APIError.unsupported(param: "best_of", "is \(best), expected the value of 'n'")
        }
        if try fields.string("suffix")?.isEmpty == false {
            throw APIError.unsupported(param: "suffix", "is not supported; leave it out")
        }
    }

    func request(_ prompt: [Int32], choice index: Int) -> GenerationRequest {
        var request = generation.request(prompt, choice: index)
        request.logprobs = logprobs
        request.echo = echo
        return request
    }

    /// The same of an encoder-decoder, which reads the prompt and writes another text.
    func request(reading source: [Int32], choice index: Int) throws -> GenerationRequest {
        if echo {
            throw APIError.unsupported(
                param: "echo",
                "repeats a prompt that the output goes on from; this model only reads it")
        }
        var request = request([], choice: index)
        request.source = source
        return request
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
        if isTokens(value) { return [try tokens(value, path: "prompt")] }
        return try elements.enumerated().map { index, element in
            if let text = element.string { return .text(text) }
            return try tokens(element, path: "prompt[\(index)]")
        }
    }

    private static let most = 128
    private static let expected =
        "a string, up to \(most) strings, an array of token ids, or up to \(most) of those"

    private static func isTokens(_ value: JSONValue) -> Bool {
        value.array?.first?.number != nil
    }

    static func tokens(_ value: JSONValue, path: String) throws -> Prompt {
        .tokens(try tokenIDs(value, path: path))
    }

    static func tokenIDs(_ value: JSONValue, path: String) throws -> [Int32] {
        guard let elements = value.array else {
            throw APIError.invalid(param: path, "is \(value.shown), expected token ids")
        }
        return try elements.enumerated().map { index, element in
            guard let id = element.integer.flatMap(Int32.init(exactly:)), id >= 0 else {
                throw APIError.invalid(
                    param: "\(path)[\(index)]", "is \(element.shown), expected a token id")
            }
            return id
        }
    }
}
