/// A model's description; every part is optional.
public struct ModelInfo: Sendable {
    public var name: String?
    public var architecture: String?
    /// The number of weights.
    public var parameters: Int?
    public var contextLength: Int?
    /// A Jinja template.
    public var chatTemplate: String?
    /// Further templates, by name: `tool_use`, `rag`.
    public var chatTemplates: [String: String] = [:]
    /// How the template has calls of tools written.
    public var toolCalls: ToolCallFormat?
    /// What stands around the reasoning before an answer.
    public var reasoning: ReasoningMarks?
    public var quantization: String?
    public var license: String?
    /// The further description of a vector model.
    public var vectors: VectorInfo?
    /// The further description of an encoder-decoder.
    public var source: SourceInfo?
    /// How it writes where the caller says nothing.
    public var generation: GenerationDefaults?
    /// The further description of an image model.
    public var image: ImageInfo?
    /// What loading had to assume or leave out, a sentence each: for the host's log and its status.
    public var notes: [String] = []

    public init(
        name: String? = nil, architecture: String? = nil, parameters: Int? = nil,
        contextLength: Int? = nil, chatTemplate: String? = nil, quantization: String? = nil,
        license: String? = nil, vectors: VectorInfo? = nil, source: SourceInfo? = nil,
        generation: GenerationDefaults? = nil, image: ImageInfo? = nil
    ) {
        self.name = name
        self.architecture = architecture
        self.parameters = parameters
        self.contextLength = contextLength
        self.chatTemplate = chatTemplate
        self.quantization = quantization
        self.license = license
        self.vectors = vectors
        self.source = source
        self.generation = generation
        self.image = image
    }
}

/// The families of how chat templates have calls of tools written.
public enum ToolCallFormat: String, Sendable {
    case commandR = "command-r"
    case deepSeek = "deepseek"
    case gemma, granite, harmony, hermes, json
    case llamaJSON = "llama-json"
    case llamaPython = "llama-python"
    case mistral, phi
}

/// What stands around a model's reasoning: `<think>` and `</think>`.
public struct ReasoningMarks: Sendable, Equatable {
    /// Empty where the prompt ends with it.
    public var start: String
    public var end: String

    public init(start: String, end: String) {
        self.start = start
        self.end = end
    }

    fileprivate var json: String {
        var object = JSONObjectWriter()
        object.add("start", start)
        object.add("end", end)
        return object.text
    }
}

/// How a model makes vectors, scores and labels; what `VectorCapabilities` says need not be repeated.
public struct VectorInfo: Sendable {
    public enum Pooling: String, Sendable {
        case mean, cls, last, max
    }

    /// What the logits of `classify` mean.
    public enum ProblemType: String, Sendable {
        case singleLabelClassification = "single_label_classification"
        case multiLabelClassification = "multi_label_classification"
        case regression
    }

    /// What makes a score of a logit of `scores`.
    public enum ScoreActivation: String, Sendable {
        case sigmoid, identity
    }

    public var pooling: Pooling?
    public var problemType: ProblemType?
    public var scoreActivation: ScoreActivation?
    /// What stands before every query.
    public var queryPrefix: String?
    /// What stands before every passage.
    public var passagePrefix: String?
    /// Whether the first k numbers of a vector, normalized, are a vector too.
    public var matryoshka: Bool?

    public init(
        pooling: Pooling? = nil, problemType: ProblemType? = nil,
        scoreActivation: ScoreActivation? = nil, queryPrefix: String? = nil,
        passagePrefix: String? = nil, matryoshka: Bool? = nil
    ) {
        self.pooling = pooling
        self.problemType = problemType
        self.scoreActivation = scoreActivation
        self.queryPrefix = queryPrefix
        self.passagePrefix = passagePrefix
        self.matryoshka = matryoshka
    }
}

extension ModelInfo {
    /// The object of `info_json`.
    func json(vectors capabilities: VectorCapabilities?, tasks: [TaskDescription]) -> String {
        var object = JSONObjectWriter()
        object.add("name", name)
        object.add("architecture", architecture)
        object.add("parameters", parameters)
        object.add("context_length", contextLength)
        object.add("chat_template", chatTemplate)
        if !chatTemplates.isEmpty {
            var templates = JSONObjectWriter()
            for (name, text) in chatTemplates.sorted(by: { $0.key < $1.key }) {
                templates.add(name, text)
            }
            object.add("chat_templates", json: templates.text)
        }
        object.add("tool_calls", toolCalls?.rawValue)
        reasoning.map { object.add("reasoning", json: $0.json) }
        object.add("quantization", quantization)
        object.add("license", license)
        capabilities?.write(to: &object)
        vectors?.write(to: &object)
        source?.write(to: &object)
        if let generation, !generation.isEmpty {
            object.add("generation", json: generation.json)
        }
        image.map { object.add("image", json: $0.json) }
        object.add("tasks", tasks.isEmpty ? nil : tasks.map(\.name))
        object.add("notes", notes.isEmpty ? nil : notes)
        return object.text
    }
}

extension VectorCapabilities {
    fileprivate func write(to object: inout JSONObjectWriter) {
        object.add("dimensions", dimensions > 0 ? dimensions : nil)
        object.add("max_tokens", maxTokens > 0 ? maxTokens : nil)
    }
}

extension VectorInfo {
    fileprivate func write(to object: inout JSONObjectWriter) {
        object.add("pooling", pooling?.rawValue)
        object.add("problem_type", problemType?.rawValue)
        object.add("score_activation", scoreActivation?.rawValue)
        object.add("query_prefix", queryPrefix)
        object.add("passage_prefix", passagePrefix)
        object.add("matryoshka", matryoshka)
    }
}
