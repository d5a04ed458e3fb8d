import FoundationEssentials
import PluginKit

/// Objects in which every key must be known.
enum StrictJSON {
    /// Keys in snake case become camel case.
    ///
    /// - Parameter place: where the object stands, for errors.
    /// - Throws: `StableDiffusionError.unknownKey`, `.json`.
    static func decode<T: Decodable>(
        _ json: String, of place: String, known: [String], as type: T.Type = T.self
    ) throws -> T {
        let (decoder, data) = (JSONDecoder(), Data(json.utf8))
        do {
            let names = try decoder.decode(ObjectKeys.self, from: data).names
            if let unknown = names.sorted().first(where: { !known.contains($0) }) {
                throw StableDiffusionError.unknownKey(of: place, unknown, known: known)
            }
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(type, from: data)
        } catch let error as DecodingError {
            throw StableDiffusionError.json(of: place, error)
        }
    }
}
