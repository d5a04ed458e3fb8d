package import JSON

/// A condition on the columns of a row.
package indirect enum Filter: Sendable, Hashable {
    case compare(column: String, Comparison, JSONValue)
    case oneOf(column: String, [JSONValue])
    case all([Filter])
    case any([Filter])
    case not(Filter)

    package enum Comparison: String, Sendable, CaseIterable {
        case equal = "eq"
        case notEqual = "ne"
        case greater = "gt"
        case greaterOrEqual = "gte"
        case less = "lt"
        case lessOrEqual = "lte"
        case contains
        case startsWith = "starts_with"
    }
}

// MARK: - Reading

extension Filter {
    private static let deepest = 16
    private static let most = 1000

    /// Reads `{"column": value}`, `{"column": {"gte": 3, "lt": 5}}`, `{"and": [...]}`, `{"or": [...]}`
    /// and `{"not": {...}}`. Several members of an object must all hold.
    /// - Throws: `CollectionError.invalidFilter`.
    package init(_ json: JSONValue) throws {
        var parts = 0
        self = try Self.read(json, at: "filter", depth: 0, parts: &parts)
    }

    private static func read(_ json: JSONValue, at path: String, depth: Int, parts: inout Int)
        throws -> Filter
    {
        guard depth < deepest else { throw wrong(path, "nested deeper than \(deepest) levels") }
        guard let object = json.object else {
            throw wrong(path, "found \(json.kind), expected an object")
        }
        parts += object.count
        guard parts <= most else { throw wrong(path, "more than \(most) conditions") }
        let filters = try object.members.map { key, value in
            try member(key, value, at: "\(path).\(key.prefix(64))", depth: depth, parts: &parts)
        }
        return filters.count == 1 ? filters[0] : .all(filters)
    }

    private static func member(
        _ key: String, _ value: JSONValue, at path: String, depth: Int, parts: inout Int
    ) throws -> Filter {
        switch key {
        case "and": return .all(try list(value, at: path, depth: depth, parts: &parts))
        case "or": return .any(try list(value, at: path, depth: depth, parts: &parts))
        case "not": return .not(try read(value, at: path, depth: depth + 1, parts: &parts))
        default: return try condition(key, value, at: path)
        }
    }

    private static func list(_ value: JSONValue, at path: String, depth: Int, parts: inout Int)
        throws -> [Filter]
    {
        guard let elements = value.array else {
            throw wrong(path, "found \(value.kind), expected an array of filters")
        }
        return try elements.enumerated().map {
            try read($1, at: "\(path)[\($0)]", depth: depth + 1, parts: &parts)
        }
    }

    private static func condition(_ column: String, _ value: JSONValue, at path: String) throws
        -> Filter
    {
        guard let comparisons = value.object else {
            try checkScalar(value, at: path)
            return .compare(column: column, .equal, value)
        }
        let filters = try comparisons.members.map { name, operand in
            try comparison(column, name, operand, at: "\(path).\(name.prefix(64))")
        }
        guard !filters.isEmpty else { throw wrong(path, "an empty object compares nothing") }
        return filters.count == 1 ? filters[0] : .all(filters)
    }

    private static func comparison(
        _ column: String, _ name: String, _ operand: JSONValue, at path: String
    ) throws -> Filter {
        if name == "in" {
            guard let values = operand.array, values.count <= most else {
                throw wrong(path, "expected an array of up to \(most) values")
            }
            for value in values { try checkScalar(value, at: path) }
            return .oneOf(column: column, values)
        }
        guard let comparison = Comparison(rawValue: name) else {
            let known = (Comparison.allCases.map(\.rawValue) + ["in"]).joined(separator: ", ")
            throw wrong(path, "no such comparison, expected one of \(known)")
        }
        try checkScalar(operand, at: path)
        if comparison == .contains || comparison == .startsWith, operand.string == nil {
            throw wrong(path, "found \(operand.kind), expected a string")
        }
        if operand.isNull || operand.bool != nil, comparison != .equal, comparison != .notEqual {
            throw wrong(path, "found \(operand.kind), which has no order")
        }
        return .compare(column: column, comparison, operand)
    }

    private static func checkScalar(_ value: JSONValue, at path: String) throws {
        switch value {
        case .array, .object:
            throw wrong(
                path, "found \(value.kind), expected a string, a number, true, false or null")
        default: break
        }
    }

    private static func wrong(_ path: String, _ reason: String) -> CollectionError {
        .invalidFilter(path: path, reason)
    }
}
