package import JSON
package import PluginHost

/// A plugin's description of its model, for `/v1/models` and the page. All of it is optional: a key
/// that is missing or has the wrong type is nil.
package struct ModelInfo: Sendable {
    package var name: String?
    package var architecture: String?
    package var parameters: Int?
    package var contextLength: Int?
    package var quantization: String?
    package var license: String?
    /// Jinja.
    package var chatTemplate: String?
    /// Further templates, by name: "tool_use", "rag".
    package var chatTemplates: [String: String]
    /// How calls of tools are written, by the name of the format.
    package var toolCalls: String?
    /// What stands around thoughts; `start` is empty where the prompt ends with it.
    package var reasoning: (start: String, end: String)?
    /// Floats per embedding.
    package var dimensions: Int?
    /// The longest text that is embedded, scored or labelled without a cut.
    package var maxTokens: Int?
    /// "mean", "cls", "last", "max".
    package var pooling: String?
    /// "single_label_classification", "multi_label_classification", "regression".
    package var problemType: String?
    /// The function from logit to score: "sigmoid", "identity".
    package var scoreActivation: String?
    package var queryPrefix: String?
    package var passagePrefix: String?
    /// Whether the first k numbers of an embedding, normalized, are one too.
    package var matryoshka: Bool?
    package var tasks: [String]
    /// The prefix of every source of an encoder-decoder.
    package var sourcePrefix: String?
    package var generation: GenerationDefaults
    /// All of it.
    package var json: JSONValue
    /// The unusable parts, which the host ignores.
    package var problems: [String]

    package init(_ description: ModelDescription) {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: description.infoJSON)
            problems = InfoSchema.problems(of: json)
        } catch {
            json = .null
            problems = ["info_json is no JSON: \(error)"]
        }
        self.json = json
        name = json["name"]?.string
        architecture = json["architecture"]?.string ?? description.family
        parameters = json.count("parameters")
        contextLength = json.count("context_length")
        quantization = json["quantization"]?.string
        license = json["license"]?.string
        chatTemplate = json["chat_template"]?.string
        chatTemplates = Dictionary(
            (json["chat_templates"]?.object?.members ?? []).compactMap { member in
                member.value.string.map { (member.key, $0) }
            }, uniquingKeysWith: { $1 })
        toolCalls = json["tool_calls"]?.string
        reasoning = json["reasoning"]?["end"]?.string.map {
            (json["reasoning"]?["start"]?.string ?? "", $0)
        }
        dimensions = json.count("dimensions")
        maxTokens = json.count("max_tokens")
        pooling = json["pooling"]?.string
        problemType = json["problem_type"]?.string
        scoreActivation = json["score_activation"]?.string
        queryPrefix = json["query_prefix"]?.string
        passagePrefix = json["passage_prefix"]?.string
        matryoshka = json["matryoshka"]?.bool
        tasks = description.tasks.map(\.name)
        sourcePrefix = json["source_prefix"]?.string
        generation = GenerationDefaults(json["generation"])
    }
}

extension JSONValue {
    /// A count of at least one; zero counts as absent.
    fileprivate func count(_ key: String) -> Int? {
        self[key]?.integer.flatMap { (1...1 << 48).contains($0) ? $0 : nil }
    }
}
