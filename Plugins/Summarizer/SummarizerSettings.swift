import FoundationEssentials
import PluginKit
import TensorRuntime

/// The model's own settings of plugins.toml.
struct SummarizerSettings: Decodable {
    /// How keys and values are kept.
    enum CacheType: String, Decodable {
        case f16
        case f32

        var element: ElementType {
            switch self {
            case .f16: .f16
            case .f32: .f32
            }
        }
    }

    /// What weights of F32, F16 and BF16 are rounded to.
    enum RoundedTo: String, Decodable {
        case f32
        case bf16
        case int8

        var precision: Precision {
            switch self {
            case .f32: .f32
            case .bf16: .bf16
            case .int8: .int8
            }
        }
    }

    /// F16 unless said otherwise.
    var cacheType: CacheType?
    /// As the checkpoint has them unless said otherwise.
    var precision: RoundedTo?

    private static let known = ["cache_type", "precision"]

    /// - Parameter json: an object, or empty.
    /// - Throws: `SummarizerError` naming a key that is unknown or has a value of the wrong kind.
    init(json: String) throws {
        guard !json.isEmpty else { return }
        let data = Data(json.utf8)
        let decoder = JSONDecoder()
        do {
            let unknown = try decoder.decode(ObjectKeys.self, from: data).names.subtracting(
                Self.known)
            guard unknown.isEmpty else {
                throw SummarizerError.unknownSettings(unknown.sorted(), known: Self.known)
            }
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            self = try decoder.decode(Self.self, from: data)
        } catch let error as DecodingError {
            throw SummarizerError.settings(error)
        }
    }
}
