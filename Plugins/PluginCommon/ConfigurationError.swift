public import PluginKit

/// Why a plugin refuses the files that describe a model of one of its families.
public enum ConfigurationError: Error {
    case file(String, JSONProblem)
    case missing(String)
    case unsupported(String, found: String, expected: String)
    case range(String, found: String, expected: String)
}

extension ConfigurationError {
    /// The same under the names that a file of another format has for the keys.
    public func naming(_ name: (String) -> String) -> Self {
        switch self {
        case .file: self
        case .missing(let key): .missing(name(key))
        case .unsupported(let key, let found, let expected):
            .unsupported(name(key), found: found, expected: expected)
        case .range(let key, let found, let expected):
            .range(name(key), found: found, expected: expected)
        }
    }
}

extension ConfigurationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .file(let file, let error): "\(file): \(error)"
        case .missing(let key): "'\(key)' is missing"
        case .unsupported(let key, let found, let expected):
            "'\(key)' is \(found), which this plugin does not implement, expected \(expected)"
        case .range(let key, let found, let expected):
            "'\(key)' is \(found), expected \(expected)"
        }
    }
}

extension ConfigurationError: PluginErrorConvertible {
    public var pluginError: PluginError {
        if case .unsupported = self { return PluginError(.unsupported, description) }
        return PluginError(.model, description)
    }
}
