import PluginCommon
import TensorRuntime

/// `config.json` of DistilBERT, Sanh et al. 2019 (arXiv:1910.01108): BERT without segments, with
/// other names.
struct DistilBertConfiguration: Decodable, Sendable {
    var vocabSize: Int
    var dim: Int
    var hiddenDim: Int
    var nLayers: Int
    var nHeads: Int
    var maxPositionEmbeddings: Int
    var activation: String?
}

extension DistilBertConfiguration: EncoderConfiguration {
    var family: String { "distilbert" }
    var hiddenSize: Int { dim }
    var intermediateSize: Int { hiddenDim }
    var maxTokens: Int { maxPositionEmbeddings }
    var basePrefix: String { "distilbert." }
    var pretrainingFolders: [String] {
        ["vocab_transform.", "vocab_layer_norm.", "vocab_projector."]
    }

    /// The network is BERT's.
    private var bert: BertConfiguration {
        BertConfiguration(
            vocabSize: vocabSize, hiddenSize: dim, intermediateSize: hiddenDim,
            numHiddenLayers: nLayers, numAttentionHeads: nHeads,
            maxPositionEmbeddings: maxPositionEmbeddings, typeVocabSize: 0, layerNormEps: 1e-12,
            hiddenAct: activation)
    }

    func check() throws {
        try ConfigurationChecks.sizes([
            "dim": dim, "hidden_dim": hiddenDim, "n_layers": nLayers, "n_heads": nHeads,
        ])
        try bert.check()
    }

    func encoder(_ weights: Weights, _ precision: Precision) throws -> any Encoder {
        try bert.encoder(weights, precision)
    }

    func headLayout(for purpose: Purpose) -> HeadLayout {
        purpose == .sequenceClassification
            ? HeadLayout(dense: "pre_classifier", activation: .relu, output: "classifier")
            : bert.headLayout(for: purpose)
    }

    // MARK: - Names

    func networkName(huggingFace name: String) -> String {
        let parts = name.split(separator: ".", maxSplits: 3).map(String.init)
        guard parts.count == 4, parts[0] == "transformer", parts[1] == "layer",
            let dot = parts[3].lastIndex(of: "."),
            let folder = Self.layerNames[String(parts[3][..<dot])]
        else { return name }
        return "encoder.layer.\(parts[2]).\(folder)\(parts[3][dot...])"
    }

    /// GGUF files hold a DistilBERT as a `bert`.
    func networkName(gguf name: String) -> String { bert.networkName(gguf: name) }

    private static let layerNames = [
        "attention.q_lin": "attention.self.query",
        "attention.k_lin": "attention.self.key",
        "attention.v_lin": "attention.self.value",
        "attention.out_lin": "attention.output.dense",
        "sa_layer_norm": "attention.output.LayerNorm",
        "ffn.lin1": "intermediate.dense",
        "ffn.lin2": "output.dense",
        "output_layer_norm": "output.LayerNorm",
    ]
}
