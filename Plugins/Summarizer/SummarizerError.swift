import PluginCommon

/// Why this plugin refuses a model of one of its families, or a call.
enum SummarizerError: Error {
    case settings(JSONProblem)
    case unknownSettings([String], known: [String])
    case sequences(found: Int, most: Int)
    case longSource(found: Int, most: Int)
}

extension SummarizerError: CustomStringConvertible {
    var description: String {
        switch self {
        case .settings(let error): "the model's settings: \(error)"
        case .unknownSettings(let keys, let known):
            "the model's settings have \(keys.joined(separator: ", ")), expected only "
                + known.joined(separator: ", ")
        case .sequences(let found, let most):
            "a context of \(found) sequences, expected at most \(most)"
        case .longSource(let found, let most):
            "the source has \(found) tokens, expected at most \(most); cut it"
        }
    }
}
