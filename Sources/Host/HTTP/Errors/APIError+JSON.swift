import JSON

extension APIError {
    /// `{"error":{"message","type","param","code"}}`
    package var json: String {
        var error = JSONObject()
        error["message"] = .string(description)
        error["type"] = .string(type)
        error["param"] = .optional(param)
        error["code"] = .optional(code)
        if case .notLoadable(_, let problem) = self {
            error["stage"] = .string(problem.stage)
            error["reason"] = .string(problem.reason)
            error["fix"] = .optional(problem.fix)
            error["serving_generation"] = .optional(problem.serving)
        }
        let body: JSONValue = ["error": .object(error)]
        return body.serialized()
    }
}
