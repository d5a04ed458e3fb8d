import Grammar
import JSON

extension OutputForm {
    /// Reads the members by which OpenAI's, vLLM's, SGLang's and llama.cpp's clients say what a reply
    /// must be like.
    ///
    /// - Returns: nil if there is none.
    /// - Throws: `APIError` for a broken one, and for two at once.
    init?(_ fields: Fields) throws {
        var forms = [try Self.responseFormat(fields), try Self.structuredOutputs(fields)]
        for (key, read) in Self.members {
            if fields.isNotEmpty(key) { forms.append(try read(fields, key)) }
        }
        let given = forms.compactMap { $0 }
        guard let form = given.first else { return nil }
        if given.count > 1 {
            throw APIError.invalid(
                param: given[1].param,
                "says what the output must be like, and so does '\(form.param)'; leave one out")
        }
        self = form
    }

    /// Members of the body, each with one form.
    private static let members: [(String, @Sendable (Fields, String) throws -> OutputForm?)] = [
        ("guided_json", schema), ("guided_regex", regex), ("guided_choice", choice),
        ("guided_grammar", grammar), ("guided_json_object", object), ("grammar", grammar),
        ("json_schema", schema), ("regex", regex), ("ebnf", grammar),
    ]

    /// `{"type": "json_schema", "json_schema": {"name": "…", "schema": {…}, "strict": true}}`
    private static func responseFormat(_ fields: Fields) throws -> OutputForm? {
        guard let format = try fields.fields("response_format") else { return nil }
        switch try format.required("type") {
        case "text": return nil
        case "json_object":
            // llama.cpp's servers take a schema here.
            return try schema(format, "schema") ?? .anyObject(param: fields.full("response_format"))
        case "json_schema":
            guard let named = try format.fields("json_schema") else {
                throw APIError.missing(param: format.full("json_schema"), expected: "an object")
            }
            _ = try (named.string("name"), named.string("description"), named.bool("strict"))
            guard let form = try schema(named, "schema") else {
                throw APIError.missing(param: named.full("schema"), expected: "a JSON Schema")
            }
            return form
        default:
            throw APIError.invalid(
                param: format.full("type"),
                "is unknown, expected \"text\", \"json_object\" or \"json_schema\"")
        }
    }

    /// vLLM's object with one of several members.
    private static func structuredOutputs(_ fields: Fields) throws -> OutputForm? {
        guard let outputs = try fields.fields("structured_outputs") else { return nil }
        let forms = try [
            schema(outputs, "json"), regex(outputs, "regex"), choice(outputs, "choice"),
            grammar(outputs, "grammar"), object(outputs, "json_object"),
        ].compactMap { $0 }
        guard forms.count <= 1 else {
            throw APIError.invalid(
                param: forms[1].param,
                "says what the output must be like, and so does '\(forms[0].param)'; leave one out")
        }
        return forms.first
    }

    /// A JSON Schema, as an object or as its text.
    static func schema(_ fields: Fields, _ key: String) throws -> OutputForm? {
        guard let value = fields.value(key) else { return nil }
        let schema: JSONValue
        switch value {
        case .string(let text):
            do {
                schema = try JSONValue(parsing: text)
            } catch {
                throw APIError.invalid(param: fields.full(key), "is refused: \(error)")
            }
        case .object, .bool: schema = value
        default: throw fields.wrong(key, value, expected: "a JSON Schema")
        }
        return OutputForm(.schema(schema), param: fields.full(key))
    }

    static func regex(_ fields: Fields, _ key: String) throws -> OutputForm? {
        try fields.string(key).map { OutputForm(.regex($0), param: fields.full(key)) }
    }

    static func grammar(_ fields: Fields, _ key: String) throws -> OutputForm? {
        try fields.string(key).map { OutputForm(.gbnf($0), param: fields.full(key)) }
    }

    private static let mostChoices = 10_000

    static func choice(_ fields: Fields, _ key: String) throws -> OutputForm? {
        guard let elements = try fields.array(key) else { return nil }
        let texts = elements.compactMap(\.string)
        guard texts.count == elements.count, (1...mostChoices).contains(texts.count) else {
            throw APIError.invalid(
                param: fields.full(key), "is wrong, expected 1 to \(mostChoices) strings")
        }
        return OutputForm(.oneOf(texts), param: fields.full(key))
    }

    static func object(_ fields: Fields, _ key: String) throws -> OutputForm? {
        try fields.bool(key) == true ? .anyObject(param: fields.full(key)) : nil
    }
}

extension Fields {
    /// Whether a member says something; an empty text does not.
    fileprivate func isNotEmpty(_ key: String) -> Bool {
        guard let value = value(key) else { return false }
        return value.string?.isEmpty != true
    }
}
