import PluginCommon
import PluginKit
import TensorRuntime

/// The model's own settings of plugins.toml: the defaults for requests that leave the choice to the
/// model.
struct StableDiffusionSettings: Decodable, Sendable {
    /// What weights of F32, F16 and BF16 are rounded to.
    enum RoundedTo: String, NamedValue, Sendable {
        case f32
        case bf16

        var precision: Precision {
            switch self {
            case .f32: .f32
            case .bf16: .bf16
            }
        }
    }

    /// f32 by default.
    var precision: RoundedTo?
    var steps: Int?
    var guidance: Double?
    var scheduler: String?
    /// Pixels.
    var width: Int?
    var height: Int?

    static let place = "the model's settings"
    static let known = ["precision", "steps", "guidance", "scheduler", "width", "height"]

    init() {}

    /// - Parameter json: an object, or empty.
    /// - Throws: `StableDiffusionError` naming a key that is unknown or has a wrong value.
    init(json: String) throws {
        guard !json.isEmpty else { return }
        self = try StrictJSON.decode(json, of: Self.place, known: Self.known)
    }
}
