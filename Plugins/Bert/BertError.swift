import PluginCommon

/// Why this plugin refuses a model of one of its families, or a call.
enum BertError: Error {
    // Settings
    case settings(JSONProblem)
    case unknownSetting(String, nearest: String, known: [String])
    case setting(String, found: String, expected: String)

    // Calls
    case token(Int32, text: Int, vocabulary: Int)
    case input(task: String, JSONProblem)
    case taskInput(String, found: String, expected: String)
}

extension BertError: CustomStringConvertible {
    var description: String {
        switch self {
        case .settings(let error): "the model's settings: \(error)"
        case .unknownSetting(let key, let nearest, let known):
            "the model's settings have '\(key)'; did you mean '\(nearest)'? Known are "
                + known.joined(separator: ", ")
        case .setting(let key, let found, let expected):
            "the model's setting '\(key)' is \(found), expected \(expected)"

        case .token(let token, let text, let vocabulary):
            "text \(text) has token \(token), expected 0 to \(vocabulary - 1)"
        case .input(let task, let error): "the input of '\(task)': \(error)"
        case .taskInput(let key, let found, let expected):
            "'\(key)' of the input is \(found), expected \(expected)"
        }
    }
}
