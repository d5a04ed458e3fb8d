import PluginCommon

/// The families of encoder-decoders, by their names in files.
enum Families {
    /// The plugin's `families`.
    static let names = ["t5", "bart"]

    /// - Returns: nil for another family, or another model of this one, such as its encoder alone.
    static func configuration(
        _ file: ConfigurationFile
    ) throws -> (any EncoderDecoderConfiguration)? {
        guard let kind = try? file.decode(Kind.self) else { return nil }
        switch kind.modelType {
        case "t5" where kind.isOne(of: ["T5ForConditionalGeneration", "T5WithLMHeadModel"]):
            return try file.decode(T5Configuration.self)
        case "bart" where kind.isOne(of: ["BartForConditionalGeneration"]):
            return try file.decode(BartConfiguration.self)
        default: return nil
        }
    }

    private struct Kind: Decodable {
        let modelType: String?
        let architectures: [String]?

        func isOne(of names: [String]) -> Bool {
            architectures?.contains(where: names.contains) ?? true
        }
    }
}
