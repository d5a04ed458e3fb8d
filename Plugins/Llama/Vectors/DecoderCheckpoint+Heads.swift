import PluginCommon
import PluginKit
import TensorRuntime
import Tokenizers

extension DecoderCheckpoint {
    /// What makes of states what the checkpoint is for.
    func head(
        _ weights: Weights, _ tokenizer: any Tokenizer, _ settings: LlamaSettings
    ) throws -> LoadedReader.Head {
        let width = configuration.hiddenSize
        switch purpose {
        case .text, .embed:
            let pooling = settings.pooling ?? sentence.pooling ?? .last
            return .vectors(
                try SentenceHead(sentence(settings), pooling, hiddenSize: width),
                normalizes: settings.normalize ?? true)
        case .classify:
            return .labels(
                try Linear(weights["score"], from: width, to: head.labels.count))
        case .rank:
            let template = try RankTemplate(
                rankTemplate(settings), instruction: settings.instruction)
            guard let labels = try classifierLabels else {
                return .relevance(try RelevanceHead(tokenizer), template)
            }
            return .relevance(
                try RelevanceHead(weights["score"], labels: labels, width: width), template)
        }
    }

    /// The names of a classifier's rows; nil for a checkpoint that has only a vocabulary.
    private var classifierLabels: [String]? {
        get throws {
            let isClassifier = head.architectures?.first?.hasSuffix("ForSequenceClassification")
            return isClassifier == true ? try head.labels : nil
        }
    }

    private func rankTemplate(_ settings: LlamaSettings) throws -> String {
        if let own = settings.rankTemplate { return own }
        if case .gguf(let metadata) = checkpoint.metadata,
            let own = try metadata.string(ifPresent: "tokenizer.chat_template.rerank")
        {
            return own
        }
        guard decoder.family.name == Qwen3Model.family.name else {
            throw LlamaError.missingSetting(
                "rank_template",
                reason:
                    "the text that the model judges, with {query} and {document}; no file says it")
        }
        return RankTemplate.qwen3
    }

    /// The longest text: from the settings, else from the files beside the weights, but at most what
    /// the network has positions for.
    func maxTokens(_ settings: LlamaSettings) throws -> Int {
        let most = configuration.contextLength
        guard let wanted = settings.maxTokens else { return min(sentence.maxTokens ?? most, most) }
        guard wanted <= most else {
            throw LlamaError.setting(
                "max_tokens", found: "\(wanted)", expected: "at most \(most) for this model")
        }
        return wanted
    }

    /// With what the settings override.
    func sentence(_ settings: LlamaSettings) -> SentenceLayout {
        var sentence = sentence
        sentence.prompts.query = settings.queryPrefix ?? sentence.prompts.query
        sentence.prompts.passage = settings.passagePrefix ?? sentence.prompts.passage
        return sentence
    }

    /// Bytes of the states of the largest pass, and of the keys and values of one layer.
    var passBytes: UInt64 {
        let c = configuration
        let tokens = max(TextPasses.tokens, min(sentence.maxTokens ?? .max, c.contextLength))
        return .bytes(4 * 8, c.hiddenSize, tokens) + .bytes(4 * 3, c.intermediateSize, tokens)
            + .bytes(4 * 2, memory.kvHeads, memory.headSize, tokens)
    }
}

// MARK: - Descriptions

extension DecoderCheckpoint {
    func capabilities(
        _ loaded: LoadedReader.Head, maxTokens: Int
    ) throws -> VectorCapabilities {
        var capabilities = VectorCapabilities(maxTokens: maxTokens, countsTokens: true)
        switch loaded {
        case .vectors(let head, _):
            capabilities.dimensions = head.width
            capabilities.embedsTokens = true
        case .relevance: capabilities.scoresPairs = true
        case .labels: capabilities.labels = try head.labels
        }
        return capabilities
    }

    func vectorInfo(_ loaded: LoadedReader.Head, _ settings: LlamaSettings) throws -> VectorInfo {
        switch loaded {
        case .vectors(let head, _):
            let prompts = sentence(settings).prompts
            return VectorInfo(
                pooling: VectorInfo.Pooling(rawValue: head.pooling.rawValue),
                queryPrefix: prompts.query, passagePrefix: prompts.passage,
                matryoshka: settings.matryoshka ?? self.head.isMatryoshkaModel)
        case .relevance: return VectorInfo(problemType: .regression, scoreActivation: .sigmoid)
        case .labels: return VectorInfo(problemType: try head.problem)
        }
    }
}
