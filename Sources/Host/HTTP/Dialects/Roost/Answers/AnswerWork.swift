import JSON

/// A prepared answer, ready to run.
protocol AnswerWork: Sendable {
    /// - Parameter emit: receives the text of the answer as it is generated.
    /// - Returns: the whole answer as the route gives it.
    func run(_ emit: (String) async throws -> Void) async throws -> JSONValue
}

/// An answer as the route gives it.
struct AnswerResult {
    let mode: AnswerRequest.Mode
    let model: String?
    /// Nil if the passages hold none.
    let text: String?
    /// How sure the model is; nil for one that does not say.
    let score: Float?
    let sources: [JSONObject]
    var usage: JSONValue?

    var json: JSONValue {
        var json = JSONObject([(key: "object", value: "answer")])
        json["answer"] = .optional(text)
        json["score"] = score.map { .number($0.decimal) } ?? .null
        json["mode"] = .string(mode.rawValue)
        json["model"] = .optional(model)
        json["sources"] = .array(sources.map { .object($0) })
        json["usage"] = usage
        return .object(json)
    }
}

/// The answer where there is nothing to read.
struct NoPassages: AnswerWork {
    let mode: AnswerRequest.Mode

    func run(_ emit: (String) async throws -> Void) async throws -> JSONValue {
        AnswerResult(mode: mode, model: nil, text: nil, score: nil, sources: []).json
    }
}
