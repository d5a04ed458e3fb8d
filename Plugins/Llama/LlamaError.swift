import PluginCommon

/// Why this plugin refuses a call.
enum LlamaError: Error {
    case settings(JSONProblem)
    case unknownSettings([String], known: [String])
    case sequences(found: Int, most: Int)
}

extension LlamaError: CustomStringConvertible {
    var description: String {
        switch self {
        case .settings(let error): "the model's settings: \(error)"
        case .unknownSettings(let keys, let known):
            "the model's settings have \(keys.joined(separator: ", ")), expected only "
                + known.joined(separator: ", ")
        case .sequences(let found, let most):
            "a context of \(found) sequences, expected at most \(most)"
        }
    }
}
