import PluginCommon
import TensorRuntime

/// The families of encoders, by their names in files.
enum Families {
    /// The plugin's `families`.
    static let names = [
        "bert", "distilbert", "roberta", "xlm-roberta", "camembert", "mpnet", "nomic-bert",
        "modernbert",
    ]

    /// - Returns: nil for another family.
    static func configuration(
        _ file: ConfigurationFile, modelType: String?
    ) throws -> (any EncoderConfiguration)? {
        switch modelType {
        case "bert", "roberta", "xlm-roberta", "camembert":
            try file.decode(BertConfiguration.self)
        case "distilbert": try file.decode(DistilBertConfiguration.self)
        case "mpnet": try file.decode(MPNetConfiguration.self)
        case "nomic_bert": try file.decode(NomicBertConfiguration.self)
        case "modernbert": try file.decode(ModernBertConfiguration.self)
        default: nil
        }
    }

    /// - Returns: nil for another architecture.
    static func configuration(
        _ metadata: GGUFMetadata, _ tensors: [String: TensorEntry]
    ) throws -> (any EncoderConfiguration)? {
        switch try metadata.string("general.architecture") {
        case "bert": try BertConfiguration(metadata, tensors)
        case "nomic-bert": try NomicBertConfiguration(metadata, tensors)
        case "modern-bert": try ModernBertConfiguration(metadata, tensors)
        default: nil
        }
    }
}
