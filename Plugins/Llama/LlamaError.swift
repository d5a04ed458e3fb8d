import PluginCommon

/// What this plugin refuses of a model that is a Llama.
enum LlamaError: Error {
    case configuration(JSONProblem)
    case missing(String)
    case unsupported(String, found: String, expected: String)
    case range(String, found: String, expected: String)
    case settings(JSONProblem)
    case unknownSettings([String], known: [String])
    case sequences(found: Int, most: Int)
}

extension LlamaError: CustomStringConvertible {
    var description: String {
        switch self {
        case .configuration(let error): "config.json: \(error)"
        case .missing(let key): "'\(key)' is missing"
        case .unsupported(let key, let found, let expected):
            "'\(key)' is \(found), which this plugin does not implement, expected \(expected)"
        case .range(let key, let found, let expected):
            "'\(key)' is \(found), expected \(expected)"
        case .settings(let error): "the model's settings: \(error)"
        case .unknownSettings(let keys, let known):
            "the model's settings have \(keys.joined(separator: ", ")), expected only "
                + known.joined(separator: ", ")
        case .sequences(let found, let most):
            "a context of \(found) sequences, expected at most \(most)"
        }
    }
}
