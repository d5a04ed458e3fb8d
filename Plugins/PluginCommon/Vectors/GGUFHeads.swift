public import TensorRuntime

extension HeadConfiguration {
    /// What a GGUF file says about the head: a file that ranks has a classifier, and so has one
    /// that names labels. Older files have only its tensors.
    public init(_ metadata: GGUFMetadata, _ tensors: [String: TensorEntry]) throws {
        self.init()
        let architecture = try metadata.string("general.architecture")
        let labels = try metadata.strings(ifPresent: "\(architecture).classifier.output_labels")
        modelType = architecture
        let outputs = tensors["cls.output.weight"]?.shape.first
        guard try PoolingType(metadata) == .rank || labels != nil || outputs != nil else { return }
        architectures = ["ForSequenceClassification"]
        numLabels = outputs ?? 1
        id2label = labels.map { labels in
            Dictionary(uniqueKeysWithValues: labels.enumerated().map { ("\($0)", $1) })
        }
    }
}

extension SentenceLayout {
    public init(_ metadata: GGUFMetadata) throws {
        self.init()
        pooling = try PoolingType(metadata)?.pooling
    }
}

/// `*.pooling_type` of GGUF files.
public enum PoolingType: Int {
    case none = 0
    case mean = 1
    case cls = 2
    case last = 3
    /// A classifier on top.
    case rank = 4

    /// - Returns: nil if the file does not say.
    public init?(_ metadata: GGUFMetadata) throws {
        let key = "\(try metadata.string("general.architecture")).pooling_type"
        guard let number = try metadata.int(ifPresent: key) else { return nil }
        guard let type = Self(rawValue: number) else {
            throw ConfigurationError.unsupported(
                key, found: "\(number)", expected: "0 (none) to 4 (rank)")
        }
        self = type
    }

    public var pooling: Pooling? {
        switch self {
        case .none, .rank: nil
        case .mean: .mean
        case .cls: .cls
        case .last: .last
        }
    }
}
