import PluginCommon

/// What `config.json` of any family says about the head and the meaning of its outputs.
struct HeadConfiguration: Decodable, Sendable {
    var modelType: String?
    var architectures: [String]?
    var id2label: [String: String]?
    var numLabels: Int?
    var problemType: String?
    /// An older form of `sentenceTransformers.activationFn`.
    var sbertCeDefaultActivationFunction: String?
    var sentenceTransformers: SentenceTransformers?
    var isMatryoshka: Bool?
    var matryoshkaDimensions: [Int]?
    var quantizationConfig: QuantizationConfiguration?

    struct SentenceTransformers: Decodable, Sendable {
        var activationFn: String?
    }

    struct QuantizationConfiguration: Decodable, Sendable {
        var quantMethod: String?
    }
}

extension HeadConfiguration {
    /// - Throws: `ConfigurationError.unsupported` for a head that this plugin lacks.
    var purpose: Purpose {
        get throws {
            guard let name = architectures?.first else { return .embedding }
            if name.hasSuffix("ForSequenceClassification") { return .sequenceClassification }
            if name.hasSuffix("ForTokenClassification") { return .tokenClassification }
            if name.hasSuffix("ForQuestionAnswering") { return .questionAnswering }
            let kinds = ["Model", "ForMaskedLM", "ForPreTraining"]
            guard kinds.contains(where: name.hasSuffix) else {
                throw ConfigurationError.unsupported(
                    "architectures", found: name,
                    expected: "…Model, …ForMaskedLM, …ForSequenceClassification, "
                        + "…ForTokenClassification or …ForQuestionAnswering")
            }
            return .embedding
        }
    }

    /// The names of the outputs, by their index.
    ///
    /// - Throws: `BertError.labels` when the indices are not 0, 1, 2, …
    var labels: [String] {
        get throws {
            guard let id2label else {
                let count = numLabels ?? 2
                try ConfigurationChecks.sizes(["num_labels": count])
                return (0..<count).map { "LABEL_\($0)" }
            }
            let labels = (0..<id2label.count).map { id2label["\($0)"] }
            guard !labels.isEmpty, labels.allSatisfy({ $0 != nil }) else {
                throw BertError.labels(found: id2label.keys.sorted())
            }
            return labels.compactMap { $0 }
        }
    }

    var isMatryoshkaModel: Bool {
        isMatryoshka ?? (matryoshkaDimensions?.isEmpty == false)
    }

    /// The PyTorch class that turns a cross-encoder's logit into a score.
    var scoreActivation: String? {
        (sentenceTransformers?.activationFn ?? sbertCeDefaultActivationFunction)?
            .split(separator: ".").last.map(String.init)
    }
}
