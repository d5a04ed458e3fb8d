import Engine
import JSON

/// Reads the texts or tokens of a request, one or many.
struct InputList: Sendable {
    /// `max_inputs` of the settings.
    let most: Int

    /// A text, texts, the tokens of one text, or of several. An empty text is one; an empty array of
    /// tokens is not.
    func embeddingInputs(_ fields: Fields, _ key: String) throws -> [EmbeddingInput] {
        guard let value = fields.value(key) else {
            throw APIError.missing(param: fields.full(key), expected: Self.expected)
        }
        if let text = value.string { return [.text(text)] }
        guard let elements = value.array, let first = elements.first else {
            throw fields.wrong(key, value, expected: Self.expected)
        }
        let path = fields.full(key)
        if first.number != nil { return [try tokens(value, path)] }
        try check(elements.count, path)
        guard first.string != nil || first.array != nil else {
            throw APIError.invalid(
                param: "\(path)[0]", "is \(first.shown), expected a string or token ids")
        }
        if first.string != nil {
            return try elements.enumerated().map { .text(try Self.text($1, "\(path)[\($0)]")) }
        }
        return try elements.enumerated().map { try tokens($1, "\(path)[\($0)]") }
    }

    /// A text or texts.
    func texts(_ fields: Fields, _ key: String) throws -> [String] {
        guard let value = fields.value(key) else {
            throw APIError.missing(
                param: fields.full(key), expected: "a string or an array of strings")
        }
        if let text = value.string { return [text] }
        guard let elements = value.array, !elements.isEmpty else {
            throw fields.wrong(key, value, expected: "a string or an array of strings")
        }
        return try texts(elements, fields.full(key))
    }

    func texts(_ elements: [JSONValue], _ path: String) throws -> [String] {
        try check(elements.count, path)
        return try elements.enumerated().map { try Self.text($1, "\(path)[\($0)]") }
    }

    /// A text or texts, and the second text of each pair: `pairKey` has as many, or `key` has
    /// arrays of two.
    ///
    /// - Returns: `pairs` nil for texts alone.
    func pairedTexts(
        _ fields: Fields, _ key: String, pairs pairKey: String
    ) throws -> (texts: [String], pairs: [String]?) {
        let second = try fields.value(pairKey).map { _ in try texts(fields, pairKey) }
        guard let elements = fields.value(key)?.array, elements.first?.array != nil else {
            let first = try texts(fields, key)
            if let second, second.count != first.count {
                throw APIError.invalid(
                    param: fields.full(pairKey),
                    "has \(second.count) texts, expected \(first.count), one for each of '\(key)'")
            }
            return (first, second)
        }
        if second != nil {
            throw APIError.invalid(
                param: fields.full(pairKey),
                "is given beside pairs in '\(key)', expected one of them")
        }
        let path = fields.full(key)
        try check(elements.count, path)
        let pairs = try elements.enumerated().map { index, element in
            guard let pair = element.array, pair.count == 2 else {
                throw APIError.invalid(
                    param: "\(path)[\(index)]", "is no pair, expected two texts as in the others")
            }
            return try pair.enumerated().map { try Self.text($1, "\(path)[\(index)][\($0)]") }
        }
        return (pairs.map { $0[0] }, pairs.map { $0[1] })
    }

    func check(_ count: Int, _ path: String) throws {
        guard count > most else { return }
        throw APIError.invalid(
            param: path,
            "has \(count) elements, expected up to \(most); send several requests, "
                + "or raise server.max_inputs")
    }

    private static func text(_ value: JSONValue, _ path: String) throws -> String {
        guard let text = value.string else {
            throw APIError.invalid(param: path, "is \(value.shown), expected a string")
        }
        return text
    }

    private func tokens(_ value: JSONValue, _ path: String) throws -> EmbeddingInput {
        let ids = try value.tokenIDs(at: path)
        guard !ids.isEmpty else {
            throw APIError.invalid(param: path, "is empty, expected token ids")
        }
        return .tokens(ids)
    }

    private static let expected =
        "a string, an array of strings, an array of token ids, or an array of those"
}
