import Engine
import JSON

extension GenerationOptions {
    /// The members that all routes of generated text have in common.
    ///
    /// - Parameter defaults: what a model's settings say of sampling; nil is the default model.
    init(_ fields: Fields, defaults: (String?) -> SamplingParameters) throws {
        self.init()
        model = try fields.string("model")
        adapter = try fields.string("adapter")
        priority = try fields.priority()
        badWords = try Self.badWords(fields)
        choices = try fields.integer("n", in: 1...128) ?? 1
        request.sampling = try SamplingParameters(fields, defaults: defaults(model))
        request.stop = try Self.stop(fields, "stop")
        request.stopTokens = Set(try fields.tokenIDs("stop_token_ids") ?? [])
        request.includesStop = try fields.bool("include_stop_str_in_output") ?? false
        request.showsControlTokens = try fields.bool("skip_special_tokens") == false
        request.maxTokens = try Self.maxTokens(fields)
        request.minTokens = try fields.integer("min_tokens", in: 0...Int.max) ?? 0
        request.ignoreEOS = try fields.bool("ignore_eos") ?? false
        request.promptLogprobs = try fields.integer("prompt_logprobs", in: 0...20)
        request.inputLimit = try Self.inputLimit(fields)
        request.overflow = try Self.overflow(fields)
        form = try OutputForm(fields)
        try Self.refuseUnsupported(fields)
    }

    /// Generates more replies than are sent, of which the best are chosen.
    mutating func choose(among candidates: Int, _ stream: StreamOptions) throws {
        guard candidates >= choices else {
            throw APIError.invalid(
                param: "best_of", "is \(candidates), expected at least the value of 'n'")
        }
        guard candidates > choices else { return }
        if stream.streams {
            throw APIError.invalid(
                param: "best_of",
                "is not possible with 'stream': the best is known when all have ended")
        }
        (best, choices, request.sumsLogprobs) = (choices, candidates, true)
    }

    /// As in vLLM, log probabilities of a prompt are not streamed.
    func refuseStream(_ stream: StreamOptions) throws {
        guard stream.streams, request.promptLogprobs != nil else { return }
        throw APIError.invalid(
            param: "prompt_logprobs", "is not possible with 'stream'; use 'echo' with 'logprobs'")
    }

    private static func inputLimit(_ fields: Fields) throws -> Int? {
        guard let limit = try fields.integer("truncate_prompt_tokens", in: -1...Int.max) else {
            return nil
        }
        guard limit != 0 else {
            throw fields.wrong(
                "truncate_prompt_tokens", 0,
                expected: "a number of tokens, or -1 for as many as the context holds")
        }
        return limit
    }

    private enum Overflowing: String, CaseIterable {
        case error, shift
    }

    private static func overflow(_ fields: Fields) throws -> Overflow {
        let keep = try fields.integer("n_keep", in: -1...Int.max)
        let choice: Overflowing = try fields.choice("context_overflow") ?? .error
        // As elsewhere, -1 is all of the prompt.
        return choice == .shift ? .shift(keep: keep.map { $0 < 0 ? .max : $0 } ?? 0) : .end
    }

    private static let mostWords = 1000

    private static func badWords(_ fields: Fields) throws -> [String] {
        guard let elements = try fields.array("bad_words") else { return [] }
        let words = elements.compactMap(\.string)
        guard words.count == elements.count, words.count <= mostWords,
            words.allSatisfy({ (1...100).contains($0.utf8.count) })
        else {
            throw APIError.invalid(
                param: "bad_words",
                "is wrong, expected up to \(mostWords) words of 1 to 100 bytes")
        }
        return words
    }

    /// The texts that end the output, in the member `key`.
    static func stop(_ fields: Fields, _ key: String) throws -> [String] {
        guard let value = fields.value(key) else { return [] }
        let texts = (value.array ?? [value]).compactMap(\.string)
        guard texts.count == value.array?.count ?? 1, texts.count <= 16, !texts.contains("") else {
            throw fields.wrong(key, value, expected: "a string or up to 16 of them, none empty")
        }
        return texts
    }

    private static func maxTokens(_ fields: Fields) throws -> Int? {
        let newer = try fields.integer("max_completion_tokens", in: 0...Int.max)
        let older = try fields.integer("max_tokens", in: 0...Int.max)
        return newer ?? older
    }

    /// Members that cannot be ignored without changing the answer.
    private static func refuseUnsupported(_ fields: Fields) throws {
        if try fields.array("functions")?.isEmpty == false {
            throw APIError.unsupported(
                param: fields.full("functions"), "is not supported; use 'tools'")
        }
        if let modalities = try fields.array("modalities"), modalities != ["text"] {
            throw APIError.unsupported(param: "modalities", "holds more than \"text\"")
        }
    }
}

extension Fields {
    /// When a request's turn comes: lower numbers come first.
    func priority() throws -> Int? {
        try integer("priority", in: Int(Int32.min)...Int(Int32.max))
    }
}

extension SamplingParameters {
    init(_ fields: Fields, defaults: SamplingParameters) throws {
        self = defaults
        for number in SamplingNumber.all {
            if let value = try fields.number(number.name, in: number.range) { set(number, value) }
        }
        for count in SamplingCount.all {
            guard let value = try fields.integer(count.name, in: count.lowest...Int.max) else {
                continue
            }
            guard count.admits(value) else {
                throw fields.wrong(count.name, .integer(value), expected: count.expected)
            }
            set(count, value)
        }
        dryBreakers = try Self.breakers(fields) ?? dryBreakers
        noRepeatNGram =
            try fields.integer("no_repeat_ngram_size", in: 0...64) ?? noRepeatNGram
        penaltyWindow = try fields.integer("penalty_window", in: 0...Int.max)
        // As elsewhere, -1 is any.
        seed = try fields.integer("seed", in: Int.min...Int.max).flatMap {
            $0 == -1 ? nil : UInt64(bitPattern: Int64($0))
        }
        allowedTokens = try Self.allowedTokens(fields)
        logitBias = try Self.logitBias(fields)
    }

    private static func breakers(_ fields: Fields) throws -> [String]? {
        guard let elements = try fields.array(SamplingBreakers.name) else { return nil }
        let texts = elements.compactMap(\.string)
        guard texts.count == elements.count, SamplingBreakers.admits(texts) else {
            throw APIError.invalid(
                param: SamplingBreakers.name, "is wrong, expected \(SamplingBreakers.expected)")
        }
        return texts
    }

    private static func allowedTokens(_ fields: Fields) throws -> [Int32]? {
        guard let tokens = try fields.tokenIDs("allowed_token_ids") else {
            return nil
        }
        guard !tokens.isEmpty else {
            throw APIError.invalid(
                param: "allowed_token_ids", "is an empty array, expected token ids")
        }
        return Set(tokens).sorted()
    }

    /// `{"50256": -100}`
    private static func logitBias(_ fields: Fields) throws -> [Int32: Float] {
        guard let biases = try fields.fields("logit_bias") else { return [:] }
        var parsed: [Int32: Float] = [:]
        for key in biases.object.keys {
            guard let token = Int32(key) else {
                throw APIError.invalid(
                    param: fields.full("logit_bias"), "has a key that is not a token id")
            }
            parsed[token] = try biases.number(key, in: -100...100)
        }
        return parsed
    }
}

/// Whether a reply is streamed, and how.
struct StreamOptions: Sendable {
    let streams: Bool
    let includesUsage: Bool

    init(_ fields: Fields) throws {
        streams = try fields.bool("stream") ?? false
        includesUsage = try fields.fields("stream_options")?.bool("include_usage") ?? false
    }
}
