public import PluginKit

/// What `config.json` of any family says about the head and the meaning of its outputs.
public struct HeadConfiguration: Decodable, Sendable {
    public var modelType: String?
    public var architectures: [String]?
    public var id2label: [String: String]?
    public var numLabels: Int?
    public var problemType: String?
    /// An older form of `sentenceTransformers.activationFn`.
    public var sbertCeDefaultActivationFunction: String?
    public var sentenceTransformers: SentenceTransformers?
    public var isMatryoshka: Bool?
    public var matryoshkaDimensions: [Int]?
    public var quantizationConfig: QuantizationConfiguration?

    public init() {}

    public struct SentenceTransformers: Decodable, Sendable {
        public var activationFn: String?
    }

    public struct QuantizationConfiguration: Decodable, Sendable {
        public var quantMethod: String?
    }
}

extension HeadConfiguration {
    /// The names of the outputs, by their index.
    ///
    /// - Throws: `ConfigurationError.range` when the indices are not 0, 1, 2, …
    public var labels: [String] {
        get throws {
            guard let id2label else {
                let count = numLabels ?? 2
                try ConfigurationChecks.sizes(["num_labels": count])
                return (0..<count).map { "LABEL_\($0)" }
            }
            let labels = (0..<id2label.count).map { id2label["\($0)"] }
            guard !labels.isEmpty, labels.allSatisfy({ $0 != nil }) else {
                throw ConfigurationError.range(
                    "id2label",
                    found: "of the keys \(id2label.keys.sorted().joined(separator: ", "))",
                    expected: "0 to \(id2label.count - 1)")
            }
            return labels.compactMap { $0 }
        }
    }

    /// What the logits of the outputs mean.
    public var problem: VectorInfo.ProblemType {
        get throws {
            guard let name = problemType else {
                return try labels.count == 1 ? .regression : .singleLabelClassification
            }
            guard let type = VectorInfo.ProblemType(rawValue: name) else {
                throw ConfigurationError.unsupported(
                    "problem_type", found: name,
                    expected: "single_label_classification, multi_label_classification, regression")
            }
            return type
        }
    }

    public var isMatryoshkaModel: Bool {
        isMatryoshka ?? (matryoshkaDimensions?.isEmpty == false)
    }

    /// The PyTorch class that turns a cross-encoder's logit into a score.
    public var scoreActivation: String? {
        (sentenceTransformers?.activationFn ?? sbertCeDefaultActivationFunction)?
            .split(separator: ".").last.map(String.init)
    }
}
