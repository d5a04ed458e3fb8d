import PluginCommon
import PluginKit

/// Why this plugin refuses a Stable Diffusion pipeline, or a request to it.
enum StableDiffusionError: Error {
    // Files
    case unreadable(file: String)
    case inFile(String, any Error)

    // Settings and requests
    case json(of: String, JSONProblem)
    case unknownKey(of: String, String, known: [String])
    case value(of: String, String, found: String, expected: String)
    case size(width: Int, height: Int, multipleOf: Int, nearest: (width: Int, height: Int))
    case area(width: Int, height: Int, most: Int)
    case mask
}

extension StableDiffusionError: CustomStringConvertible {
    var description: String {
        switch self {
        case .unreadable(let file): "'\(file)' is missing or cannot be read"
        case .inFile(let file, let error): "\(file): \(error)"

        case .json(let place, let error): "\(place): \(error)"
        case .unknownKey(let place, let key, let known):
            "\(place) has '\(key)', known are \(known.joined(separator: ", "))"
        case .value(let place, let key, let found, let expected):
            "'\(key)' of \(place) is \(found), expected \(expected)"
        case .size(let width, let height, let multiple, let nearest):
            "the size \(width) × \(height) is not in multiples of \(multiple), the nearest is "
                + "\(nearest.width) × \(nearest.height)"
        case .area(let width, let height, let most):
            "the size \(width) × \(height) has more pixels than the \(most) that this model draws; "
                + "ask for a smaller image"
        case .mask: "the model draws whole images, it has no use for a mask"
        }
    }
}

extension StableDiffusionError: PluginErrorConvertible {
    var pluginError: PluginError { PluginError(code, description) }

    private var code: ErrorCode {
        switch self {
        case .mask: .unsupported
        case .unreadable: .io
        case .inFile(_, let error):
            (error as? any PluginErrorConvertible)?.pluginError.code ?? .model
        case .json, .unknownKey, .value, .size, .area: .argument
        }
    }
}
