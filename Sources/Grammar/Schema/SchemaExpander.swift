import JSON

/// Finds the ways to satisfy a schema: its keywords as a choice of shapes.
struct SchemaExpander {
    var document: SchemaDocument
    let budget: Budget
    private var known: [SchemaTerm: [SchemaShape]] = [:]
    private var open: [SchemaTerm] = []

    /// More ways than this to satisfy one schema are not told apart.
    private static let mostShapes = 1000
    private static let deepest = 200

    init(_ document: SchemaDocument, _ budget: Budget) {
        self.document = document
        self.budget = budget
    }

    /// The ways to satisfy all of some schemas; none if they contradict each other.
    mutating func shapes(of terms: [SchemaTerm]) throws(GrammarError) -> [SchemaShape] {
        var shapes = [SchemaShape()]
        for term in terms {
            shapes = try both(
                shapes, try self.shapes(of: term), at: document.nodes[Int(term.node)].pointer)
        }
        return shapes
    }

    mutating func shapes(of term: SchemaTerm) throws(GrammarError) -> [SchemaShape] {
        if let known = known[term] { return known }
        let node = document.nodes[Int(term.node)]
        guard !open.contains(term) else {
            throw GrammarError(
                "refers to itself without end", at: .pointer(node.pointer))
        }
        guard open.count < Self.deepest else {
            throw GrammarError("nests too deep", at: .pointer(node.pointer))
        }
        open.append(term)
        defer { open.removeLast() }
        let shapes: [SchemaShape]
        switch node.json {
        case .bool(let allows): shapes = allows != term.isNegated ? [SchemaShape()] : []
        case .object(let object):
            let schema = SchemaMembers(object, term.node, node.pointer)
            shapes =
                term.isNegated
                ? try negated(schema).map(\.unevaluated) : try asserted(schema)
        default:
            throw GrammarError(
                "is \(node.json.kind), expected a schema: an object, true or false",
                at: .pointer(node.pointer))
        }
        known[term] = shapes
        return shapes
    }

    /// Every way of the one together with every way of the other.
    func both(
        _ left: [SchemaShape], _ right: [SchemaShape], at pointer: String
    ) throws(GrammarError) -> [SchemaShape] {
        guard left.count * right.count <= Self.mostShapes else {
            throw GrammarError(
                "has more than \(Self.mostShapes) combinations of alternatives; simplify it",
                at: .pointer(pointer))
        }
        var shapes: [SchemaShape] = []
        for first in left {
            for second in right {
                try budget.spend(20)
                let shape = first.and(second)
                if !shape.kinds.isEmpty { shapes.append(shape) }
            }
        }
        return shapes
    }

    /// Whether no value satisfies both; false also if that is hard to tell.
    mutating func areDisjoint(
        _ left: SchemaTerm, _ right: SchemaTerm, depth: Int = 0
    ) throws(GrammarError) -> Bool {
        try areImpossible(try shapes(of: [left, right]), depth)
    }

    private mutating func areImpossible(
        _ shapes: [SchemaShape], _ depth: Int
    ) throws(GrammarError) -> Bool {
        for shape in shapes {
            let kind = shape.kinds
            let isImpossible: Bool
            switch kind {
            case .number:
                isImpossible = try NumberLanguage.automaton(
                    shape.numbers, isDistinct: false, budget
                ).isEmpty
            case .string:
                isImpossible = try StringLanguage.automaton(shape.strings, budget).isEmpty
            case .object where depth < 3:
                isImpossible = try hasImpossibleMember(shape.object, depth)
            default: isImpossible = false
            }
            if !isImpossible { return false }
        }
        return true
    }

    private mutating func hasImpossibleMember(
        _ object: SchemaShape.ObjectRules, _ depth: Int
    ) throws(GrammarError) -> Bool {
        for name in object.required {
            var terms: [SchemaTerm] = []
            for group in object.groups {
                let own = group.properties.filter { $0.name == name }.map(\.term)
                terms += own
                // Patterns might match the name, which would spare it the schema of others.
                if own.isEmpty, group.patterns.isEmpty, let others = group.others {
                    terms.append(others)
                }
            }
            if terms.count > 1
                || terms.contains(where: { document.nodes[Int($0.node)].json == false })
            {
                let shapes = try shapes(of: terms)
                if try areImpossible(shapes, depth + 1) { return true }
            }
        }
        return false
    }
}

/// The members of a schema, read with errors that name them.
struct SchemaMembers {
    let object: JSONObject
    let node: Int32
    let pointer: String

    init(_ object: JSONObject, _ node: Int32, _ pointer: String) {
        (self.object, self.node, self.pointer) = (object, node, pointer)
    }

    subscript(_ keyword: String) -> JSONValue? { object[keyword] }

    func path(_ keyword: String) -> String { pointer + "/" + SchemaDocument.escaped(keyword) }

    func wrong(_ keyword: String, _ value: JSONValue, expected: String) -> GrammarError {
        GrammarError(
            "is \(value.shown), expected \(expected)", at: .pointer(path(keyword)))
    }

    func refusal(_ keyword: String, _ reason: String) -> GrammarError {
        GrammarError(reason, at: .pointer(path(keyword)))
    }

    func count(_ keyword: String) throws(GrammarError) -> Int? {
        guard let value = object[keyword] else { return nil }
        guard let count = value.integer, count >= 0 else {
            throw wrong(keyword, value, expected: "a whole number of at least 0")
        }
        return count
    }

    func number(_ keyword: String) throws(GrammarError) -> Decimal? {
        guard let value = object[keyword] else { return nil }
        guard value.number != nil, let number = Decimal(value) else {
            throw wrong(keyword, value, expected: "a number")
        }
        return number
    }

    func text(_ keyword: String) throws(GrammarError) -> String? {
        guard let value = object[keyword] else { return nil }
        guard let text = value.string else { throw wrong(keyword, value, expected: "a string") }
        return text
    }

    func names(_ keyword: String) throws(GrammarError) -> [String]? {
        guard let value = object[keyword] else { return nil }
        let names = value.array?.compactMap(\.string)
        guard let names, names.count == value.array?.count else {
            throw wrong(keyword, value, expected: "an array of names")
        }
        return names
    }

    func members(_ keyword: String) throws(GrammarError) -> JSONObject? {
        guard let value = object[keyword] else { return nil }
        guard let members = value.object else { throw wrong(keyword, value, expected: "an object") }
        return members
    }

    func elements(_ keyword: String) throws(GrammarError) -> [JSONValue]? {
        guard let value = object[keyword] else { return nil }
        guard let elements = value.array, !elements.isEmpty else {
            throw wrong(keyword, value, expected: "an array with elements")
        }
        return elements
    }

    /// `minX` and `maxX`; nil if there is neither.
    func range(_ what: String) throws(GrammarError) -> (least: Int, most: Int?)? {
        let (least, most) = (try count("min" + what), try count("max" + what))
        return least == nil && most == nil ? nil : (least ?? 0, most)
    }

    func kinds() throws(GrammarError) -> (kinds: SchemaShape.Kinds, isInteger: Bool)? {
        guard let value = object["type"] else { return nil }
        var kinds: SchemaShape.Kinds = []
        var (integers, numbers) = (false, false)
        for name in value.array ?? [value] {
            switch name.string {
            case "null": kinds.insert(.null)
            case "boolean": kinds.formUnion(.boolean)
            case "integer": integers = true
            case "number": numbers = true
            case "string": kinds.insert(.string)
            case "array": kinds.insert(.array)
            case "object": kinds.insert(.object)
            default:
                throw wrong(
                    "type", name,
                    expected: "null, boolean, integer, number, string, array or object")
            }
        }
        if integers || numbers { kinds.insert(.number) }
        return (kinds, integers && !numbers)
    }
}
