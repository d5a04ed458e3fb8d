package import JSON
import SearchCollections

/// The body of `POST /v1/answer`.
struct AnswerRequest: Sendable {
    enum Mode: String, Sendable, CaseIterable {
        /// The span of a passage that answers.
        case extract
        /// A chat model's answer from the passages.
        case generate
        /// `extract` if a model can, else `generate`.
        case auto
    }

    enum Origin: Sendable {
        case given([Passage])
        case collection(CollectionSearch)
    }

    let question: String
    let origin: Origin
    let mode: Mode
    /// The model that answers.
    let model: String?
    /// The model that orders the passages.
    let rerankModel: String?
    /// How many passages are read; nil: all that were given, or `usual` of a collection.
    let top: Int?
    /// The longest answer: for a span, and for generated text.
    let spanTokens: Int
    let textTokens: Int
    let streams: Bool
    /// Of a generated answer.
    let priority: Int?

    /// How many passages of a collection are read by default.
    static let usual = 5

    init(_ fields: Fields, _ inputs: InputList) throws {
        question = try fields.required("question")
        guard !question.trimmed.isEmpty else {
            throw APIError.invalid(param: "question", "is empty, expected a question")
        }
        origin = try Self.origin(fields, inputs)
        mode = try fields.choice("mode") ?? .auto
        model = try fields.string("model")
        rerankModel = try fields.string("rerank_model")
        top = try fields.integer("top_k", in: 1...100)
        spanTokens = try fields.integer("max_answer_tokens", in: 1...512) ?? 30
        textTokens = try fields.integer("max_tokens", in: 1...65536) ?? 256
        streams = try fields.bool("stream") ?? false
        priority = try fields.priority()
    }

    private static func origin(_ fields: Fields, _ inputs: InputList) throws -> Origin {
        let collection = try fields.string("collection")
        let passages = try fields.array("passages")
        switch (collection, passages) {
        case (let name?, nil): return .collection(try CollectionSearch(name, fields))
        case (nil, let passages?) where !passages.isEmpty:
            try inputs.check(passages.count, "passages")
            try CollectionSearch.refuse(fields)
            return .given(
                try passages.enumerated().map { try Passage($1, index: $0) })
        case (nil, .some):
            throw APIError.invalid(
                param: "passages", "is an empty array, expected at least one text")
        case (.some, .some):
            throw APIError.invalid(
                param: "passages", "is given beside 'collection', expected one of the two")
        case (nil, nil):
            throw APIError.missing(
                param: "passages", expected: "an array of texts, or 'collection', a name")
        }
    }
}

extension CollectionSearch {
    fileprivate init(_ name: String, _ fields: Fields) throws {
        self.init(
            collection: name, mode: try fields.choice("search_mode"),
            minimumScore: try fields.number("min_score", in: -1e9...1e9).map(Double.init),
            filter: try fields.value("filter").map(Filter.init))
    }

    /// Search options would be ignored silently if nothing is searched.
    fileprivate static func refuse(_ fields: Fields) throws {
        for key in ["search_mode", "min_score", "filter"] where fields.value(key) != nil {
            throw APIError.unsupported(
                param: key, "narrows the search of a collection, and 'passages' are all read")
        }
    }
}

/// A text that may hold an answer.
package struct Passage: Sendable {
    package var id: JSONValue
    package var text: String
    /// The row of a collection that the text comes from.
    package var row: JSONValue?
    /// How relevant it is to the question, if known.
    package var score: Float?

    package init(id: JSONValue, text: String, row: JSONValue? = nil, score: Float? = nil) {
        self.id = id
        self.text = text
        self.row = row
        self.score = score
    }

    /// A string, whose index is its id, or `{"id", "text"}`.
    fileprivate init(_ value: JSONValue, index: Int) throws {
        if let text = value.string {
            self.init(id: .integer(index), text: text)
            return
        }
        let path = "passages[\(index)]"
        guard let object = value.object else {
            throw APIError.invalid(
                param: path, "is \(value.shown), expected a string or an object with a 'text'")
        }
        let fields = Fields(object, path: path)
        self.init(id: fields.value("id") ?? .integer(index), text: try fields.required("text"))
    }

    /// What every kind of answer reports about a source.
    var json: JSONObject {
        var json = JSONObject([(key: "id", value: id), (key: "text", value: .string(text))])
        json["row"] = row
        return json
    }
}
