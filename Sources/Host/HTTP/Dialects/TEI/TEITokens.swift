import Engine
import JSON

/// `inputs` of `/tokenize`, answered as text-embeddings-inference does.
struct TEITokenizeRequest: Sendable {
    let model: String?
    private let texts: [String]
    private let addsSpecial: Bool

    init(_ fields: Fields, _ inputs: InputList) throws {
        model = try fields.string("model")
        texts = try inputs.texts(fields, "inputs")
        addsSpecial = try fields.bool("add_special") ?? true
    }

    /// For each text `[{"id", "text", "special", "start", "stop"}]`; the places are not known.
    func answer(_ tokenizer: ModelTokenizer?) async throws -> JSONValue {
        var answer: [JSONValue] = []
        for text in texts {
            let tokens =
                try await tokenizer?.tokenize(
                    text, addSpecial: addsSpecial, parseSpecial: false) ?? []
            answer.append(
                .array(
                    tokens.map { token in
                        [
                            "id": .integer(Int(token)),
                            "text": .string(tokenizer?.spelling(of: token) ?? ""),
                            "special": .bool(tokenizer?.isControl(token) ?? false),
                            "start": nil, "stop": nil,
                        ]
                    }))
        }
        return .array(answer)
    }
}
