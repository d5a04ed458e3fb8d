import ModelJSON
import PluginCommon

/// Objects in which every key must be known.
enum StrictJSON {
    /// Keys in snake case become camel case.
    ///
    /// - Parameter place: where the object stands, for errors.
    /// - Throws: `StableDiffusionError.unknownKey`, `.json`.
    static func decode<T: Decodable>(
        _ json: String, of place: String, known: [String], as type: T.Type = T.self
    ) throws -> T {
        do {
            let names = try ObjectKeys(json: json.utf8, keys: .verbatim).names
            if let unknown = names.sorted().first(where: { !known.contains($0) }) {
                throw StableDiffusionError.unknownKey(of: place, unknown, known: known)
            }
            return try T(json: json.utf8)
        } catch let problem as JSONProblem {
            throw StableDiffusionError.json(of: place, problem)
        }
    }
}
