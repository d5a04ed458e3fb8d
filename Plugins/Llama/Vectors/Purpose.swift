import PluginCommon
import TensorRuntime

/// What a checkpoint is opened for.
enum Purpose: String, NamedValue, Sendable {
    /// It continues texts.
    case text
    /// It turns texts into vectors.
    case embed
    /// It tells how relevant documents are to a query.
    case rank
    /// It tells labels of texts apart.
    case classify
}

extension Purpose {
    /// A checkpoint is for more than text only if it says so: it has a classifier, sentence-transformers'
    /// pooling, or no head.
    init(_ head: HeadConfiguration, _ sentence: SentenceLayout) throws {
        let name = head.architectures?.first ?? ""
        if name.hasSuffix("ForSequenceClassification") {
            self = try head.labels.count == 1 ? .rank : .classify
        } else {
            let isBare = name.hasSuffix("Model") && !name.hasSuffix("LMHeadModel")
            self = isBare || sentence.pooling != nil ? .embed : .text
        }
    }

    init(_ metadata: GGUFMetadata) throws {
        switch try PoolingType(metadata) {
        case nil, .some(.none): self = .text
        case .mean, .cls, .last: self = .embed
        case .rank: self = .rank
        }
    }
}
