import TensorRuntime

/// The families of decoders, one file of `Models/` each.
enum Families {
    static let all: [any DecoderNetwork.Type] = [
        LlamaModel.self,
        MistralModel.self,
        Qwen2Model.self,
        Qwen3Model.self,
        GemmaModel.self,
        Gemma2Model.self,
        Gemma3Model.self,
        Phi3Model.self,
        SmolLM3Model.self,
        GraniteModel.self,
        OLMo2Model.self,
        EXAONE4Model.self,
        GLM4Model.self,
        StableLMModel.self,
        CohereModel.self,
        Cohere2Model.self,
        NemotronModel.self,
        GPTOSSModel.self,
        GPT2Model.self,
        GPTNeoXModel.self,
        FalconModel.self,
        LFM2Model.self,
        Qwen3NextModel.self,
        Qwen35Model.self,
        Mamba2Model.self,
        MixtralModel.self,
        Qwen3MoEModel.self,
        OLMoEModel.self,
        GraniteMoEModel.self,
    ]

    /// The plugin's `families`.
    static let names = all.map { $0.family.name }

    /// - Returns: nil for another family, or another class of this one, such as one that sees images.
    static func decoder(modelType: String?, architectures: [String]?) -> (any DecoderNetwork.Type)?
    {
        all.first { decoder in
            decoder.family.name == modelType
                && architectures?.contains(where: decoder.family.has) ?? true
        }
    }

    /// - Parameter architectures: those of files that have more than a decoder.
    /// - Returns: nil for others, and for a decoder that is not read from such files.
    static func decoder(composite architectures: [String]?) -> (any DecoderNetwork.Type)? {
        all.first { decoder in
            decoder.family.huggingFace.composite.map { architectures?.contains($0) == true }
                ?? false
        }
    }

    /// - Returns: nil for another architecture.
    static func decoder(gguf metadata: GGUFMetadata) throws -> (any DecoderNetwork.Type)? {
        let name = try metadata.string("general.architecture")
        let hasExperts = try metadata.int(ifPresent: "\(name).expert_count") ?? 0 > 0
        let found = all.filter { $0.family.gguf?.architecture == name }
        return found.first { $0.family.gguf?.hasExperts == hasExperts } ?? found.first
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
    var huggingFace = HuggingFaceForm()
    /// The kinds of layers that it may have.
    var layerTypes = ["full_attention", "sliding_attention"]
}

extension Family {
    /// The part of the name that its classes share: `Qwen3`.
    private var base: String {
        ["ForCausalLM", "LMHeadModel"].first(where: architecture.hasSuffix)
            .map { String(architecture.dropLast($0.count)) } ?? architecture
    }

    /// Its class that continues texts, its bare one, or that with a classifier.
    func has(_ architecture: String) -> Bool {
        ([self.architecture]
            + ["Model", "TextModel", "ForSequenceClassification"].map { base + $0 })
            .contains(architecture)
    }
}
