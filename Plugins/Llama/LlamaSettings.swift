import FoundationEssentials
import TensorRuntime

/// The model's own settings of plugins.toml.
struct LlamaSettings: Decodable {
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

    /// F16 unless said otherwise.
    var cacheType: CacheType?

    /// - Parameter json: an object, or empty.
    /// - Throws: `LlamaError` naming a key that is unknown or has a value of the wrong kind.
    init(json: String) throws {
        guard !json.isEmpty else { return }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let data = Data(json.utf8)
        do {
            let unknown = try decoder.decode(Keys.self, from: data).names.subtracting(["cacheType"])
            guard unknown.isEmpty else { throw LlamaError.unknownSettings(unknown.sorted()) }
            self = try decoder.decode(Self.self, from: data)
        } catch let error as DecodingError {
            throw LlamaError.settings(error)
        }
    }

    /// The keys of an object, whatever their values.
    private struct Keys: Decodable {
        let names: Set<String>

        private struct AnyKey: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: AnyKey.self)
            names = Set(container.allKeys.map(\.stringValue))
        }
    }
}
