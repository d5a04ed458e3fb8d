import PluginCommon
import PluginKit
import TensorRuntime

extension BertCheckpoint {
    func head(
        _ weights: Weights, _ settings: BertSettings, maxTokens: Int
    ) throws -> LoadedBert.Head {
        let overlap = try settings.overlap(of: maxTokens)
        switch purpose {
        case .embedding:
            let pooling = settings.pooling ?? sentence.pooling ?? .mean
            let head = try SentenceHead(
                sentence, pooling, hiddenSize: configuration.hiddenSize)
            return .sentence(head, normalizes: settings.normalize ?? true)
        case .sequenceClassification:
            return .sequence(try prediction(weights, labels: head.labels.count))
        case .tokenClassification:
            let labels = try head.labels
            return .tokens(
                try prediction(weights, labels: labels.count), labels: labels, overlap: overlap)
        case .questionAnswering:
            return .spans(try prediction(weights, labels: 2), overlap: overlap)
        }
    }

    /// GGUF files omit what their converter did not know.
    private func prediction(_ weights: Weights, labels: Int) throws -> PredictionHead {
        try PredictionHead(
            weights, configuration.headLayout(for: purpose), width: configuration.hiddenSize,
            labels: labels, isFull: isHuggingFace)
    }

    private var isHuggingFace: Bool {
        if case .huggingFace = checkpoint.metadata { true } else { false }
    }

    /// The longest text: from the settings, else from the files beside the weights, but at most
    /// what the network has positions for.
    func maxTokens(_ settings: BertSettings) throws -> Int {
        let most = configuration.maxTokens
        if let wanted = settings.maxTokens, wanted > most {
            throw BertError.setting(
                "max_tokens", found: "\(wanted)", expected: "at most \(most) for this model")
        }
        if let wanted = settings.maxTokens { return wanted }
        let usual = purpose == .questionAnswering ? 384 : most
        return min(sentence.maxTokens ?? most, most, usual)
    }

    /// With what the settings override.
    func sentence(_ settings: BertSettings) -> SentenceLayout {
        var sentence = sentence
        sentence.prompts.query = settings.queryPrefix ?? sentence.prompts.query
        sentence.prompts.passage = settings.passagePrefix ?? sentence.prompts.passage
        return sentence
    }
}

extension BertSettings {
    var roundedTo: RoundedTo { precision ?? (Precision.isBF16Fast ? .bf16 : .f32) }

    /// The tokens that windows share: 128 of 384 by default.
    fileprivate func overlap(of maxTokens: Int) throws -> Int {
        let overlap = windowStride ?? min(128, maxTokens / 3)
        guard overlap < maxTokens else {
            throw BertError.setting(
                "window_stride", found: "\(overlap)", expected: "less than \(maxTokens)")
        }
        return overlap
    }
}
