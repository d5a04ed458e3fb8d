import PluginCommon

/// Why this plugin refuses a call.
enum LlamaError: Error {
    case settings(JSONProblem)
    case unknownSettings([String], known: [String])
    case setting(String, found: String, expected: String)
    case missingSetting(String, reason: String)
    case token(Int32, text: Int, vocabulary: Int)
    case sequences(found: Int, most: Int)
    case adapter(String, AdapterProblem)
}

extension LlamaError: CustomStringConvertible {
    var description: String {
        switch self {
        case .settings(let error): "the model's settings: \(error)"
        case .unknownSettings(let keys, let known):
            "the model's settings have \(keys.joined(separator: ", ")), expected only "
                + known.joined(separator: ", ")
        case .setting(let key, let found, let expected):
            "the model's setting '\(key)' is \(found), expected \(expected)"
        case .missingSetting(let key, let reason):
            "the model's settings lack '\(key)': \(reason)"
        case .token(let token, let text, let vocabulary):
            "text \(text) has token \(token), expected 0 to \(vocabulary - 1)"
        case .sequences(let found, let most):
            "a context of \(found) sequences, expected at most \(most)"
        case .adapter(let path, let problem): "\(path): \(problem)"
        }
    }
}
