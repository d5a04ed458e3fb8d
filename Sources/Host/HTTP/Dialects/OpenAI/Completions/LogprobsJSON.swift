import Engine
import JSON

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

    /// `{"tokens", "token_logprobs", "top_logprobs", "text_offset"}`; an offset counts Unicode scalars.
    static func completion(_ tokens: [TokenLogProb]) -> JSONValue {
        [
            "tokens": .array(tokens.map { .string(key($0.bytes)) }),
            "token_logprobs": .array(tokens.map { number($0.logprob) }),
            "top_logprobs": .array(tokens.map(top)),
            "text_offset": .array(tokens.map { .integer($0.offset) }),
        ]
    }

    /// As vLLM writes them: `[null, {"ID": {"logprob", "rank", "decoded_token"}, …}, …]`, the prompt's own
    /// token and the likeliest ones at each place.
    static func prompt(_ tokens: [TokenLogProb]) -> JSONValue {
        .array(
            tokens.map { token in
                guard let logprob = token.logprob else { return .null }
                var object = JSONObject()
                object[String(token.id)] = ranked(logprob, token.rank, token.text)
                for (index, other) in token.top.enumerated() where other.id != token.id {
                    object[String(other.id)] = ranked(other.logprob, index + 1, other.text)
                }
                return .object(object)
            })
    }

    private static func ranked(_ logprob: Float, _ rank: Int?, _ text: String) -> JSONValue {
        [
            "logprob": number(logprob), "rank": rank.map { .integer($0) } ?? .null,
            "decoded_token": .string(text),
        ]
    }

    /// The likeliest tokens, followed by the token itself unless it is among them.
    private static func top(_ token: TokenLogProb) -> JSONValue {
        guard let logprob = token.logprob else { return .null }
        var top = JSONObject()
        for other in token.top {
            // The token's own bytes, which at the beginning of a text may lack a space.
            top.add(other.id == token.id ? token.bytes : other.bytes, other.id, other.logprob)
        }
        if !token.top.contains(where: { $0.id == token.id }) {
            top.add(token.bytes, token.id, logprob)
        }
        return .object(top)
    }

    /// The text of a token; for bytes that are not text alone, `bytes:\xf0\x9f`, as OpenAI writes
    /// them.
    fileprivate static func key(_ bytes: [UInt8]) -> String {
        String(validating: bytes, as: UTF8.self) ?? escaped(bytes)
    }

    fileprivate static func escaped(_ bytes: [UInt8]) -> String {
        "bytes:" + bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func entry(_ text: String, _ bytes: [UInt8], _ logprob: Float?) -> JSONObject {
        JSONObject([
            (key: "token", value: .string(text)), (key: "logprob", value: number(logprob)),
            (key: "bytes", value: .array(bytes.map { .integer(Int($0)) })),
        ])
    }

    fileprivate static func number(_ logprob: Float?) -> JSONValue {
        guard let logprob else { return .null }
        return .number(logprob.isFinite ? Double(logprob) : impossible)
    }
}

extension JSONObject {
    /// Adds a token under its text; if another token has that text, under its bytes, else under its
    /// id.
    fileprivate mutating func add(_ bytes: [UInt8], _ id: Int32, _ logprob: Float) {
        let keys = [LogprobsJSON.key(bytes), LogprobsJSON.escaped(bytes), "token_id:\(id)"]
        let key = keys.first { self[$0] == nil } ?? keys[2]
        self[key] = LogprobsJSON.number(logprob)
    }
}
