package import PluginHost

/// What a plugin tells about its model, for `/v1/models` and the page. Nothing in it is certain: a key
/// that is missing, or is not of the expected type, is nil.
package struct ModelInfo: Sendable {
    package var name: String?
    package var architecture: String?
    package var parameters: Int?
    package var contextLength: Int?
    package var quantization: String?
    package var license: String?
    /// Jinja.
    package var chatTemplate: String?
    /// Floats per embedding.
    package var dimensions: Int?
    /// The longest text that is embedded, scored or labelled whole.
    package var maxTokens: Int?
    /// "mean", "cls", "last", "max".
    package var pooling: String?
    /// "single_label_classification", "multi_label_classification", "regression".
    package var problemType: String?
    /// What makes a score of a logit: "sigmoid", "identity".
    package var scoreActivation: String?
    package var queryPrefix: String?
    package var passagePrefix: String?
    /// Whether the first k numbers of an embedding, normalized, are one too.
    package var matryoshka: Bool?
    package var tasks: [String]
    /// What stands before every source of an encoder-decoder.
    package var sourcePrefix: String?
    package var generation: GenerationDefaults
    /// All of it.
    package var json: JSONValue

    package init(_ description: ModelDescription) {
        json = (try? JSONValue(parsing: description.infoJSON)) ?? .null
        name = json["name"]?.string
        architecture = json["architecture"]?.string ?? description.family
        parameters = json["parameters"]?.integer
        contextLength = json["context_length"]?.integer
        quantization = json["quantization"]?.string
        license = json["license"]?.string
        chatTemplate = json["chat_template"]?.string
        dimensions = json["dimensions"]?.integer
        maxTokens = json["max_tokens"]?.integer
        pooling = json["pooling"]?.string
        problemType = json["problem_type"]?.string
        scoreActivation = json["score_activation"]?.string
        queryPrefix = json["query_prefix"]?.string
        passagePrefix = json["passage_prefix"]?.string
        matryoshka = json["matryoshka"]?.bool
        tasks = description.tasks
        sourcePrefix = json["source_prefix"]?.string
        generation = GenerationDefaults(json["generation"])
    }
}
