import TensorRuntime

/// Adapters as llama.cpp's `convert_lora_to_gguf.py` writes them: for each tensor of the model that is added
/// to, `NAME.lora_a` [r, from] and `NAME.lora_b` [to, r], whose rows lie as the model's do in GGUF files.
extension StoredAdapter {
    init(gguf checkpoint: Checkpoint, of decoder: DecoderForm) throws {
        guard case .gguf(let metadata) = checkpoint.metadata else {
            throw CheckpointError.inFile(
                path: checkpoint.path, .missingFile("adapter_config.json"))
        }
        path = checkpoint.path
        names = ({ "the lora_a of \($0)" }, { "the lora_b of \($0)" })
        func refusal(_ problem: AdapterProblem) -> LlamaError {
            .adapter(checkpoint.path, problem)
        }
        for (key, expected) in [("general.type", "adapter"), ("adapter.type", "lora")] {
            let found = try metadata.string(ifPresent: key)
            guard found == expected else {
                throw refusal(
                    .value(key: key, found: found ?? "not there", expected: "'\(expected)'"))
            }
        }
        if metadata.has("adapter.alora.invocation_tokens") {
            throw refusal(
                .value(
                    key: "adapter.alora.invocation_tokens", found: "there",
                    expected: "an adapter that is always active"))
        }
        let form = try Self.form(metadata, of: decoder, refusal)
        layout = { name, tensor in
            try form.layout(decoder.configuration, "\(name).weight", tensor)
        }
        // Without alpha, or with 0, the product counts once.
        let alpha = try metadata.float(ifPresent: "adapter.lora.alpha") ?? 0
        guard alpha.isFinite else {
            throw refusal(
                .value(key: "adapter.lora.alpha", found: "\(alpha)", expected: "a finite number"))
        }
        scale = { _, rank in alpha == 0 ? 1 : alpha / Float(rank) }
        for (stored, entry) in checkpoint.tensors {
            guard let (base, part) = Self.split(stored) else {
                throw refusal(.unknownTensor(stored))
            }
            if base == "token_embd.weight" { throw refusal(.embedding(base)) }
            let name = form.huggingFaceName(base)
            guard name.hasSuffix(".weight") else { throw refusal(.unknownTensor(stored)) }
            matrices[String(name.dropLast(".weight".count)), default: Matrices()][keyPath: part] =
                entry
        }
    }

    /// The tensor that is added to, and which matrix it is.
    private static func split(
        _ stored: String
    ) -> (base: String, part: WritableKeyPath<Matrices, TensorEntry?>)? {
        if stored.hasSuffix(".lora_a") { return (String(stored.dropLast(7)), \.a) }
        if stored.hasSuffix(".lora_b") { return (String(stored.dropLast(7)), \.b) }
        return nil
    }

    /// The form of the model's own family, or, for one that GGUF files store under another's name, of that.
    private static func form(
        _ metadata: GGUFMetadata, of decoder: DecoderForm,
        _ refusal: (AdapterProblem) -> LlamaError
    ) throws -> GGUFForm {
        let found = try metadata.string("general.architecture")
        if let own = decoder.family.gguf {
            guard own.architecture == found else {
                throw refusal(.architecture(found: found, expected: own.architecture))
            }
            return own
        }
        guard let other = try Families.decoder(gguf: metadata)?.family.gguf else {
            throw refusal(.architecture(found: found, expected: decoder.family.name))
        }
        return other
    }
}
