package import JSON
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
    /// What of it cannot be used: the host does as if it were not there.
    package var problems: [String]

    package init(_ description: ModelDescription) {
        var reader = InfoReader(description.infoJSON)
        json = reader.json
        name = reader.string("name")
        architecture = reader.string("architecture") ?? description.family
        parameters = reader.count("parameters")
        contextLength = reader.count("context_length")
        quantization = reader.string("quantization")
        license = reader.string("license")
        chatTemplate = reader.string("chat_template")
        dimensions = reader.count("dimensions")
        maxTokens = reader.count("max_tokens")
        pooling = reader.string("pooling")
        problemType = reader.string("problem_type")
        scoreActivation = reader.string("score_activation")
        queryPrefix = reader.string("query_prefix")
        passagePrefix = reader.string("passage_prefix")
        matryoshka = reader.bool("matryoshka")
        tasks = description.tasks.map(\.name)
        sourcePrefix = reader.string("source_prefix")
        generation = GenerationDefaults(reader.object("generation"))
        reader.note(generation)
        problems = reader.problems
    }

    /// The keys that mean something to the host.
    package static let keys = [
        "name", "architecture", "parameters", "context_length", "chat_template", "quantization",
        "license", "dimensions", "max_tokens", "pooling", "query_prefix", "passage_prefix",
        "matryoshka", "problem_type", "score_activation", "source_prefix", "generation", "tasks",
        "image",
    ]
}

/// Reads an object whose values may be of any type, and notes those that are not of the right one.
private struct InfoReader {
    let json: JSONValue
    private(set) var problems: [String] = []

    init(_ bytes: [UInt8]) {
        do {
            json = try JSONValue(parsing: bytes)
        } catch {
            json = .null
            problems = ["info_json is no JSON: \(error)"]
            return
        }
        if json.object == nil { problems = ["info_json is \(json.kind), expected an object"] }
    }

    mutating func string(_ key: String) -> String? { read(key, "a string", \.string) }
    mutating func bool(_ key: String) -> Bool? { read(key, "true or false", \.bool) }
    mutating func object(_ key: String) -> JSONValue? {
        read(key, "an object") { $0.object.map(JSONValue.object) }
    }

    /// A number of things, of which there is at least one; none is as if it were not said.
    mutating func count(_ key: String) -> Int? {
        let count = read(key, "a whole number of 0 or more") { value in
            value.integer.flatMap { (0...1 << 48).contains($0) ? $0 : nil }
        }
        return count == 0 ? nil : count
    }

    private mutating func read<Value>(
        _ key: String, _ expected: String, _ convert: (JSONValue) -> Value?
    ) -> Value? {
        guard let found = json[key], !found.isNull else { return nil }
        let value = convert(found)
        if value == nil { note(key, found, expected) }
        return value
    }

    /// What of "generation" was not read.
    mutating func note(_ defaults: GenerationDefaults) {
        let read: [(key: String, isRead: Bool)] = [
            ("max_length", defaults.maxLength != nil), ("min_length", defaults.minLength != nil),
            ("max_new_tokens", defaults.maxNewTokens != nil),
            ("min_new_tokens", defaults.minNewTokens != nil),
            ("no_repeat_ngram_size", defaults.noRepeatNGram != nil),
            ("repetition_penalty", defaults.repetitionPenalty != nil),
            ("forced_bos_token_id", defaults.forcedBOS != nil),
        ]
        for (key, isRead) in read where !isRead {
            guard let found = json["generation"]?[key], !found.isNull else { continue }
            note("generation.\(key)", found, "a number in its range")
        }
    }

    private mutating func note(_ key: String, _ found: JSONValue, _ expected: String) {
        // A number of the wrong size is told by itself, other values by their kind.
        let number = found.integer.map { "\($0)" } ?? found.number.map { "\($0)" }
        let value = number ?? found.kind
        problems.append("info_json: \"\(key)\" is \(value), expected \(expected)")
    }
}
