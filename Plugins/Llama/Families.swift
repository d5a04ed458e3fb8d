/// The families of decoders, one file of `Models/` each.
enum Families {
    static let all: [any DecoderNetwork.Type] = [
        LlamaModel.self,
        MistralModel.self,
        Qwen2Model.self,
        Qwen3Model.self,
    ]

    /// The plugin's `families`.
    static let names = all.map { $0.family.name }

    /// - Returns: nil for another family, or another model of this one, such as a classifier.
    static func decoder(modelType: String?, architectures: [String]?) -> (any DecoderNetwork.Type)?
    {
        all.first { decoder in
            decoder.family.name == modelType
                && architectures?.contains(decoder.family.architecture) ?? true
        }
    }

    /// - Parameter gguf: `general.architecture`.
    static func decoder(gguf: String) -> (any DecoderNetwork.Type)? {
        all.first { $0.family.gguf?.architecture == gguf }
    }
}

/// The names of a family in files.
struct Family: Sendable {
    /// `model_type` of config.json, and one of the plugin's families.
    let name: String
    /// One of `architectures` of config.json.
    let architecture: String
    /// Nil for a family that GGUF files store under another family's name.
    let gguf: GGUFForm?
}
