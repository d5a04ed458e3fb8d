import Engine

/// Log probabilities in the two shapes of the API.
enum LogprobsJSON {
    /// What stands for minus infinity, which JSON cannot write.
    private static let impossible: Double = -9999

    /// `{"content": [{"token", "logprob", "bytes", "top_logprobs"}], "refusal": null}`
    static func chat(_ tokens: [TokenLogProb]) -> JSONValue {
        let content = tokens.map { token -> JSONValue in
            var object = entry(token.text, token.bytes, token.logprob)
            object["top_logprobs"] = .array(
                token.top.map { .object(entry($0.text, $0.bytes, $0.logprob)) })
            return .object(object)
        }
        return ["content": .array(content), "refusal": nil]
    }

    /// `{"tokens", "token_logprobs", "top_logprobs", "text_offset"}`
    /// - Parameter offset: where the first token's text begins, in Unicode scalars; where the next
    ///   one's will, afterwards.
    static func completion(_ tokens: [TokenLogProb], offset: inout Int) -> JSONValue {
        var offsets: [JSONValue] = []
        for token in tokens {
            offsets.append(.integer(offset))
            offset += token.text.unicodeScalars.count
        }
        return [
            "tokens": .array(tokens.map { .string($0.text) }),
            "token_logprobs": .array(tokens.map { number($0.logprob) }),
            "top_logprobs": .array(tokens.map(top)),
            "text_offset": .array(offsets),
        ]
    }

    private static func top(_ token: TokenLogProb) -> JSONValue {
        guard token.logprob != nil else { return .null }
        return .object(JSONObject(token.top.map { (key: $0.text, value: number($0.logprob)) }))
    }

    private static func entry(_ text: String, _ bytes: [UInt8], _ logprob: Float?) -> JSONObject {
        JSONObject([
            (key: "token", value: .string(text)), (key: "logprob", value: number(logprob)),
            (key: "bytes", value: .array(bytes.map { .integer(Int($0)) })),
        ])
    }

    private static func number(_ logprob: Float?) -> JSONValue {
        guard let logprob else { return .null }
        return .number(logprob.isFinite ? Double(logprob) : impossible)
    }
}
