import FoundationEssentials

/// A JSON file beside the weights.
struct ConfigurationFile {
    let name: String
    private let data: Data

    init(name: String, _ bytes: [UInt8]) {
        self.name = name
        data = Data(bytes)
    }

    /// Keys in snake case become camel case.
    ///
    /// - Throws: `SummarizerError.configuration` naming what is missing or of the wrong kind.
    func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decode(type, with: decoder)
    }

    /// Keys stay as they are.
    ///
    /// - Throws: as `decode`.
    func decodeVerbatim<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        try decode(type, with: JSONDecoder())
    }

    private func decode<T: Decodable>(_ type: T.Type, with decoder: JSONDecoder) throws -> T {
        do {
            return try decoder.decode(type, from: data)
        } catch let error as DecodingError {
            throw SummarizerError.configuration(file: name, error)
        }
    }
}
