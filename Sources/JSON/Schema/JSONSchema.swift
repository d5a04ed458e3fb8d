/// What a JSON Schema (draft 2020-12) allows, and what a value has that it does not.
///
/// A keyword that is not understood is refused when the schema is read, never ignored: what `check` lets
/// through is what the schema's author would let through.
package struct JSONSchema: Sendable, Equatable {
    /// All must hold; the order is that in which they are checked.
    let rules: [Rule]

    /// - Throws: what of the schema is wrong, or not understood here.
    package init(_ json: JSONValue) throws(JSONSchemaError) {
        try self.init(json, at: "")
    }

    /// - Throws: the first thing that the schema does not allow.
    package func check(_ value: JSONValue) throws(JSONViolation) {
        for rule in rules { try rule.check(value) }
    }
}

extension JSONSchema {
    enum Kind: String, CaseIterable, Sendable {
        case object, array, string, integer, number, boolean, null
    }

    /// A member that has to be there.
    struct Requirement: Sendable, Equatable {
        let name: String
        /// What it is by its own schema, for messages.
        let expected: String
    }

    /// What one keyword, or two that belong together, say of a value. A rule holds for values of another
    /// kind than its own.
    enum Rule: Sendable, Equatable {
        /// No value is allowed.
        case never
        case kinds([Kind])
        /// `enum`, or a `const` alone.
        case oneOf([JSONValue])
        case atLeast(JSONValue)
        case atMost(JSONValue)
        case above(JSONValue)
        case below(JSONValue)
        /// Unicode code points.
        case length(ClosedRange<Int>)
        case elements(ClosedRange<Int>)
        case members(ClosedRange<Int>)
        case items(JSONSchema)
        case required([Requirement])
        /// `properties` and `additionalProperties`; nil allows any others.
        case properties([ExactString: JSONSchema], others: JSONSchema?)
    }
}

/// Why a schema cannot be used.
package enum JSONSchemaError: Error, Equatable, CustomStringConvertible {
    /// A keyword that is not understood; `path` names its schema.
    case unknown(keyword: String, path: String)
    case wrong(path: String, reason: String)

    package var description: String {
        switch self {
        case .unknown(let keyword, let path):
            "the keyword '\(keyword)'\(path.isEmpty ? "" : " at '\(path)'") is not understood, expected "
                + JSONSchema.keywords.joined(separator: ", ")
        case .wrong(let path, let reason): path.isEmpty ? "it \(reason)" : "'\(path)' \(reason)"
        }
    }
}

// MARK: - Reading

extension JSONSchema {
    /// In the order in which a message names them.
    fileprivate static let keywords = [
        "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "minLength", "maxLength", "items", "minItems", "maxItems", "properties", "required",
        "additionalProperties", "minProperties", "maxProperties",
    ]

    /// What says something to a reader and forbids nothing.
    private static let annotations: Set = [
        "$schema", "$id", "$comment", "title", "description", "default", "examples", "deprecated",
        "readOnly", "writeOnly", "format", "contentEncoding", "contentMediaType",
    ]

    fileprivate init(_ json: JSONValue, at path: String) throws(JSONSchemaError) {
        switch json {
        case .bool(let allows): rules = allows ? [] : [.never]
        case .object(let object):
            for keyword in object.keys
            where !Self.keywords.contains(keyword) && !Self.annotations.contains(keyword) {
                throw .unknown(keyword: keyword, path: path)
            }
            rules = try Members(object, at: path).rules()
        default:
            throw .wrong(path: path, reason: "is \(json.kind), expected an object or a boolean")
        }
    }
}

/// The members of a schema, read with errors that name them.
private struct Members {
    private let object: JSONObject
    private let path: String

    init(_ object: JSONObject, at path: String) {
        self.object = object
        self.path = path
    }

    func rules() throws(JSONSchemaError) -> [JSONSchema.Rule] {
        var rules: [JSONSchema.Rule?] = []
        rules.append(try kinds().map { .kinds($0) })
        rules.append(try array("enum").map { .oneOf($0) })
        rules.append(object["const"].map { .oneOf([$0]) })
        rules.append(try number("minimum").map { .atLeast($0) })
        rules.append(try number("maximum").map { .atMost($0) })
        rules.append(try number("exclusiveMinimum").map { .above($0) })
        rules.append(try number("exclusiveMaximum").map { .below($0) })
        rules.append(try range("Length").map { .length($0) })
        rules.append(try range("Items").map { .elements($0) })
        rules.append(try range("Properties").map { .members($0) })
        let properties = try properties()
        rules.append(
            try names("required").map { .required($0.map { requirement($0, properties) }) })
        rules.append(properties)
        rules.append(try schema("items").map { .items($0) })
        return rules.compactMap { $0 }
    }

    private func requirement(
        _ name: String, _ properties: JSONSchema.Rule?
    ) -> JSONSchema.Requirement {
        var kinds: [JSONSchema.Kind] = []
        if case .properties(let own, _) = properties,
            case .kinds(let named) = own[ExactString(name)]?.rules.first
        {
            kinds = named
        }
        return JSONSchema.Requirement(name: name, expected: kinds.isEmpty ? "a value" : kinds.noun)
    }

    private func properties() throws(JSONSchemaError) -> JSONSchema.Rule? {
        let others = try schema("additionalProperties")
        let own = try object("properties")
        if others == nil, own == nil { return nil }
        var properties: [ExactString: JSONSchema] = [:]
        for (name, json) in own?.members ?? [] {
            properties[ExactString(name)] = try JSONSchema(
                json, at: full("properties") + "." + name)
        }
        return .properties(properties, others: others)
    }

    private func schema(_ key: String) throws(JSONSchemaError) -> JSONSchema? {
        guard let json = object[key] else { return nil }
        return try JSONSchema(json, at: full(key))
    }

    private func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private func wrong(_ key: String, _ value: JSONValue, expected: String) -> JSONSchemaError {
        .wrong(path: full(key), reason: "is \(value.shown), expected \(expected)")
    }

    private func kinds() throws(JSONSchemaError) -> [JSONSchema.Kind]? {
        guard let value = object["type"] else { return nil }
        let names = value.array ?? [value]
        let kinds = names.compactMap { $0.string.flatMap(JSONSchema.Kind.init) }
        guard !kinds.isEmpty, kinds.count == names.count else {
            let known = JSONSchema.Kind.allCases.map { "\"\($0.rawValue)\"" }
            throw wrong(
                "type", value, expected: "one or some of \(known.joined(separator: ", "))")
        }
        return kinds
    }

    private func array(_ key: String) throws(JSONSchemaError) -> [JSONValue]? {
        guard let value = object[key] else { return nil }
        guard let elements = value.array else { throw wrong(key, value, expected: "an array") }
        return elements
    }

    private func object(_ key: String) throws(JSONSchemaError) -> JSONObject? {
        guard let value = object[key] else { return nil }
        guard let members = value.object else { throw wrong(key, value, expected: "an object") }
        return members
    }

    private func number(_ key: String) throws(JSONSchemaError) -> JSONValue? {
        guard let value = object[key] else { return nil }
        guard value.number != nil else { throw wrong(key, value, expected: "a number") }
        return value
    }

    private func names(_ key: String) throws(JSONSchemaError) -> [String]? {
        guard let elements = try array(key) else { return nil }
        let names = elements.compactMap(\.string)
        guard names.count == elements.count else {
            throw .wrong(path: full(key), reason: "holds what is no string, expected names")
        }
        return names
    }

    /// `minLength` and `maxLength`, for `Length`; nil where neither is there.
    private func range(_ of: String) throws(JSONSchemaError) -> ClosedRange<Int>? {
        let (least, most) = (try count("min" + of), try count("max" + of))
        guard least != nil || most != nil else { return nil }
        let (from, to) = (least ?? 0, most ?? .max)
        guard from <= to else {
            throw .wrong(path: full("max" + of), reason: "is \(to), expected at least \(from)")
        }
        return from...to
    }

    private func count(_ key: String) throws(JSONSchemaError) -> Int? {
        guard let value = object[key] else { return nil }
        guard let count = value.integer, count >= 0 else {
            throw wrong(key, value, expected: "a whole number of at least 0")
        }
        return count
    }
}
