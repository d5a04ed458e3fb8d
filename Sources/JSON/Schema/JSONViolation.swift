/// What a value has that a schema does not allow, and where.
package struct JSONViolation: Error, Equatable {
    package enum Problem: Equatable, Sendable {
        /// A member that has to be there; with what it has to be.
        case missing(expected: String)
        /// Says what was found and what was expected; behind the path it makes a sentence.
        case wrong(String)
    }

    /// `texts[2].role`; empty for the value itself.
    package private(set) var path: String
    package let problem: Problem

    package var sentence: String {
        let what = path.isEmpty ? "it" : "\"\(path)\""
        return switch problem {
        case .missing(let expected): "\(what) is missing, expected \(expected)"
        case .wrong(let reason): "\(what) \(reason)"
        }
    }

    init(_ reason: String, at path: String = "") {
        self.path = path
        problem = .wrong(reason)
    }

    init(missing member: JSONSchema.Requirement) {
        path = member.name.shortened
        problem = .missing(expected: member.expected)
    }

    /// The same, of a value that is a member of another.
    package func inside(_ name: String) -> JSONViolation {
        var outer = self
        let isElement = path.isEmpty || path.hasPrefix("[")
        outer.path = name.shortened + (isElement ? "" : ".") + path
        return outer
    }

    fileprivate func inside(_ index: Int) -> JSONViolation { inside("[\(index)]") }
}

extension String {
    /// A name that a client chose may be of any length.
    fileprivate var shortened: String { count <= 64 ? self : prefix(64) + "…" }
}

// MARK: - Checking

extension JSONSchema.Rule {
    func check(_ value: JSONValue) throws(JSONViolation) {
        switch (self, value) {
        case (.never, _): throw JSONViolation("is not allowed here; leave it out")
        case (.kinds(let kinds), _): try Self.check(value, is: kinds)
        case (.oneOf(let values), _): try Self.check(value, isOneOf: values)
        case (.length(let range), .string(let text)):
            try Self.check(text.unicodeScalars.count, range, "a character", "characters")
        case (.elements(let range), .array(let elements)):
            try Self.check(elements.count, range, "an element", "elements")
        case (.members(let range), .object(let object)):
            try Self.check(object.count, range, "a member", "members")
        case (.items(let schema), .array(let elements)): try Self.check(elements, are: schema)
        case (.required(let members), .object(let object)):
            if let member = members.first(where: { object[$0.name] == nil }) {
                throw JSONViolation(missing: member)
            }
        case (.properties(let properties, let others), .object(let object)):
            try Self.check(object, properties, others)
        default: try check(number: value)
        }
    }

    private func check(number value: JSONValue) throws(JSONViolation) {
        guard value.number != nil else { return }
        switch self {
        case .atLeast(let bound) where value.isLess(than: bound):
            throw JSONViolation("is \(value.shown), expected at least \(bound.shown)")
        case .atMost(let bound) where bound.isLess(than: value):
            throw JSONViolation("is \(value.shown), expected at most \(bound.shown)")
        case .above(let bound) where !bound.isLess(than: value):
            throw JSONViolation("is \(value.shown), expected more than \(bound.shown)")
        case .below(let bound) where !value.isLess(than: bound):
            throw JSONViolation("is \(value.shown), expected less than \(bound.shown)")
        default: break
        }
    }

    private static func check(
        _ value: JSONValue, is kinds: [JSONSchema.Kind]
    ) throws(JSONViolation) {
        guard !kinds.contains(where: value.has) else { return }
        throw JSONViolation("is \(value.shown), expected \(kinds.noun)")
    }

    private static func check(
        _ value: JSONValue, isOneOf values: [JSONValue]
    ) throws(JSONViolation) {
        guard !values.contains(where: value.isEqual) else { return }
        let known = values.prefix(20).map { $0.serialized() }.joined(separator: " or ")
        throw JSONViolation("is unknown, expected \(known)\(values.count > 20 ? " or …" : "")")
    }

    private static func check(
        _ count: Int, _ range: ClosedRange<Int>, _ one: String, _ many: String
    ) throws(JSONViolation) {
        guard !range.contains(count) else { return }
        let (bound, word) =
            count < range.lowerBound
            ? (range.lowerBound, "at least") : (range.upperBound, "at most")
        throw JSONViolation(
            "has \(count == 1 ? one : "\(count) \(many)"), expected \(word) \(bound)")
    }

    private static func check(
        _ elements: [JSONValue], are schema: JSONSchema
    ) throws(JSONViolation) {
        for (index, element) in elements.enumerated() {
            do throws(JSONViolation) {
                try schema.check(element)
            } catch {
                throw error.inside(index)
            }
        }
    }

    private static func check(
        _ object: JSONObject, _ properties: [ExactString: JSONSchema], _ others: JSONSchema?
    ) throws(JSONViolation) {
        for (name, value) in object.members {
            let own = properties[ExactString(name)]
            guard let schema = own ?? others else { continue }
            if own == nil, schema.rules == [.never] {
                throw unknown(properties).inside(name)
            }
            do throws(JSONViolation) {
                try schema.check(value)
            } catch {
                throw error.inside(name)
            }
        }
    }

    private static func unknown(_ properties: [ExactString: JSONSchema]) -> JSONViolation {
        let names = properties.keys.map { "'\($0.text)'" }.sorted()
        return JSONViolation(
            "is not known, expected "
                + (names.isEmpty ? "no members" : names.joined(separator: " or ")))
    }
}

extension [JSONSchema.Kind] {
    /// As `JSONValue.kind` has it: `an array or null`.
    var noun: String { map(\.noun).joined(separator: " or ") }
}

extension JSONSchema.Kind {
    fileprivate var noun: String {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .integer: "an integer"
        case .number: "a number"
        case .boolean: "a boolean"
        case .null: "null"
        }
    }
}

extension JSONValue {
    fileprivate func has(_ kind: JSONSchema.Kind) -> Bool {
        switch (self, kind) {
        case (.object, .object), (.array, .array), (.string, .string), (.bool, .boolean),
            (.null, .null), (.integer, .integer), (.integer, .number), (.number, .number):
            true
        case (.number(let number), .integer): number == number.rounded()
        default: false
        }
    }

    /// As numbers compare, integers exactly.
    fileprivate func isLess(than other: JSONValue) -> Bool {
        if case (.integer(let left), .integer(let right)) = (self, other) { return left < right }
        return (number ?? 0) < (other.number ?? 0)
    }

    /// As JSON Schema has it: 1 and 1.0 are the same, in arrays and objects as well.
    fileprivate func isEqual(_ other: JSONValue) -> Bool {
        switch (self, other) {
        case (.integer(let left), .integer(let right)): left == right
        case (.array(let left), .array(let right)):
            left.elementsEqual(right) { $0.isEqual($1) }
        case (.object(let left), .object(let right)):
            left.count == right.count
                && left.members.allSatisfy { right[$0.key]?.isEqual($0.value) == true }
        default: number.map { $0 == other.number } ?? (self == other)
        }
    }
}
