package import Engine

/// How a reply is generated, whatever it replies to.
package struct GenerationOptions: Sendable {
    /// Nil for the default model.
    package var model: String?
    /// What the model's text is generated with; nil unless `model` says so.
    package var adapter: String?
    /// Requests with a lower number come first; nil is what their key has.
    package var priority: Int?
    /// What each choice asks for, but for its prompt.
    package var request = GenerationRequest(prompt: [])
    /// Words that are not to be written.
    package var badWords: [String] = []
    /// What each reply must be like.
    package var form: OutputForm?
    /// How many replies there are to a prompt.
    package var choices = 1
    /// How many of them are sent, those whose tokens are the likeliest; nil: all.
    package var best: Int?

    package init() {}
}

extension GenerationOptions {
    /// The requests of all choices that reply to `prompts`.
    ///
    /// - Throws: `APIError.invalid` for a token that the model does not have, and for more choices than its
    ///   queue holds.
    func requests(_ prompts: [GenerationRequest], _ engine: TextEngine) async throws
        -> [GenerationRequest]
    {
        try check(vocabulary: engine.vocabularySize)
        let runs = try await forbiddenRuns(engine)
        // A chat's form is composed with how the model's answers are read.
        let isFree = prompts.contains { $0.constraint == nil }
        let constraint = isFree ? try await form?.constraint(engine) : nil
        guard prompts.count * choices <= engine.capacity else {
            throw APIError.invalid(
                param: "n",
                "asks for \(prompts.count * choices) choices in all, the model's queue holds "
                    + "\(engine.capacity); send several requests, or raise the model's 'queue'")
        }
        return prompts.flatMap { prompt in
            (0..<choices).map { index in
                var request = prompt
                request.sampling.seed = prompt.sampling.seed.map { $0 &+ UInt64(index) }
                request.sampling.forbiddenRuns = runs
                request.constraint = prompt.constraint ?? constraint
                return request
            }
        }
    }

    /// - Throws: `APIError.invalid` for a token that the model does not have.
    func check(vocabulary: Int) throws {
        let named: [(String, [Int32])] = [
            ("logit_bias", Array(request.sampling.logitBias.keys)),
            ("stop_token_ids", Array(request.stopTokens)),
            ("allowed_token_ids", request.sampling.allowedTokens ?? []),
        ]
        for (param, tokens) in named {
            for token in tokens where token < 0 || token >= vocabulary {
                throw APIError.invalid(
                    param: param, "has the token id \(token), expected ids below \(vocabulary)")
            }
        }
    }

    /// The tokens of the words that are not to be written, alone and after a space.
    func forbiddenRuns(_ engine: TextEngine) async throws -> [[Int32]] {
        var runs: [[Int32]] = []
        for word in badWords.flatMap({ [$0, " " + $0] }) {
            runs.append(
                try await engine.tokenizer.tokenize(word, addSpecial: false, parseSpecial: false))
        }
        return runs
    }
}
