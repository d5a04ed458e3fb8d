import JSON

extension SchemaExpander {
    /// Keywords that this host cannot enforce.
    private static let unsupported: Set = ["$recursiveRef", "extends", "disallow", "divisibleBy"]

    /// The ways to satisfy a schema.
    mutating func asserted(_ schema: SchemaMembers) throws(GrammarError) -> [SchemaShape] {
        for keyword in schema.object.keys where Self.unsupported.contains(keyword) {
            throw schema.refusal(keyword, "is not supported; write it in JSON Schema 2020-12")
        }
        var shape = SchemaShape()
        if let (kinds, isInteger) = try schema.kinds() {
            shape.kinds = kinds
            if isInteger {
                shape.numbers.append(.init(rule: .integer(true), pointer: schema.path("type")))
            }
        }
        try addNumbers(schema, to: &shape)
        try addStrings(schema, to: &shape)
        try addArrays(schema, to: &shape)
        try addObjects(schema, to: &shape)
        guard !shape.kinds.isEmpty else { return [] }
        var shapes = [shape]
        for alternatives in try choices(schema) {
            shapes = try both(shapes, alternatives, at: schema.pointer)
        }
        return try withoutUnevaluated(schema, shapes)
    }

    /// What the keywords that combine schemas say, each as a choice.
    private mutating func choices(
        _ schema: SchemaMembers
    ) throws(GrammarError) -> [[SchemaShape]] {
        var choices: [[SchemaShape]] = []
        if let values = schema["enum"] {
            guard let values = values.array else {
                throw schema.wrong("enum", values, expected: "an array")
            }
            choices.append(try shapes(ofValues: values, schema, "enum"))
        }
        if let value = schema["const"] {
            choices.append(try shapes(ofValues: [value], schema, "const"))
        }
        for keyword in ["$ref", "$dynamicRef"] {
            guard let reference = try schema.text(keyword) else { continue }
            let target = try document.target(of: reference, from: schema.node, keyword)
            choices.append(try shapes(of: SchemaTerm(node: target)))
        }
        for term in try list("allOf", schema) { choices.append(try shapes(of: term)) }
        if schema["anyOf"] != nil {
            var options: [SchemaShape] = []
            for term in try list("anyOf", schema) { options += try shapes(of: term) }
            choices.append(options)
        }
        if schema["oneOf"] != nil {
            choices.append(try exactlyOne(try list("oneOf", schema), schema))
        }
        if let term = single("not", schema) { choices.append(try shapes(of: term.opposite)) }
        if let condition = single("if", schema) {
            choices.append(
                try shapes(of: [condition] + [single("then", schema)].compactMap { $0 })
                    + shapes(of: [condition.opposite] + [single("else", schema)].compactMap { $0 }))
        }
        return choices + (try dependencies(schema))
    }

    mutating func single(_ keyword: String, _ schema: SchemaMembers) -> SchemaTerm? {
        schema[keyword].map {
            SchemaTerm(node: document.child(schema.node, keyword, json: $0))
        }
    }

    mutating func list(
        _ keyword: String, _ schema: SchemaMembers
    ) throws(GrammarError) -> [SchemaTerm] {
        (try schema.elements(keyword) ?? []).enumerated().map { index, json in
            SchemaTerm(node: document.child(schema.node, keyword, "\(index)", json: json))
        }
    }

    /// The alternatives of `oneOf`, each without what another also allows.
    private mutating func exactlyOne(
        _ terms: [SchemaTerm], _ schema: SchemaMembers
    ) throws(GrammarError) -> [SchemaShape] {
        var options: [SchemaShape] = []
        for (index, term) in terms.enumerated() {
            var all = [term]
            for (other, rival) in terms.enumerated() where other != index {
                if try !areDisjoint(term, rival) { all.append(rival.opposite) }
            }
            options += try shapes(of: all)
        }
        return options
    }

    /// `dependentRequired`, `dependentSchemas`, and `dependencies` of earlier drafts.
    private mutating func dependencies(
        _ schema: SchemaMembers
    ) throws(GrammarError) -> [[SchemaShape]] {
        var choices: [[SchemaShape]] = []
        for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
            for (name, value) in try schema.members(keyword)?.members ?? [] {
                let consequence: JSONValue = value.array == nil ? value : ["required": value]
                let term = SchemaTerm(
                    node: value.array == nil
                        ? document.child(schema.node, keyword, name, json: consequence)
                        : document.derived(from: schema.node, consequence))
                let present = SchemaTerm(
                    node: document.derived(
                        from: schema.node,
                        ["type": "object", "required": .array([.string(name)])]))
                choices.append(
                    try shapes(of: present.opposite) + shapes(of: [present, term]))
            }
        }
        return choices
    }

    /// The shapes of values that are one of some.
    private mutating func shapes(
        ofValues values: [JSONValue], _ schema: SchemaMembers, _ keyword: String
    ) throws(GrammarError) -> [SchemaShape] {
        var scalars = SchemaShape()
        scalars.kinds = []
        var (numbers, texts): ([Decimal], [String]) = ([], [])
        var shapes: [SchemaShape] = []
        for value in values {
            try budget.spend(5)
            switch value {
            case .null: scalars.kinds.insert(.null)
            case .bool(let flag): scalars.kinds.insert(flag ? .true : .false)
            case .integer, .number:
                guard let number = Decimal(value) else {
                    throw schema.wrong(keyword, value, expected: "numbers of up to 400 digits")
                }
                scalars.kinds.insert(.number)
                numbers.append(number)
            case .string(let text):
                scalars.kinds.insert(.string)
                texts.append(text)
            case .array, .object:
                let derived = document.derived(from: schema.node, Self.schema(of: value))
                shapes += try self.shapes(of: SchemaTerm(node: derived))
            }
        }
        let place = schema.path(keyword)
        if !numbers.isEmpty {
            scalars.numbers.append(.init(rule: .oneOf(numbers), pointer: place))
        }
        if !texts.isEmpty {
            scalars.strings.append(.init(rule: .oneOf(texts, true), pointer: place))
        }
        return (scalars.kinds.isEmpty ? [] : [scalars]) + shapes
    }

    /// A schema that exactly one array or object satisfies, member by member.
    static func schema(of value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements):
            return [
                "type": "array", "prefixItems": .array(elements.map { ["const": $0] }),
                "items": false, "minItems": .integer(elements.count),
                "maxItems": .integer(elements.count),
            ]
        case .object(let object):
            return [
                "type": "object", "required": .array(object.keys.map { .string($0) }),
                "properties": .object(
                    JSONObject(object.members.map { ($0.key, ["const": $0.value]) })),
                "maxProperties": .integer(object.count),
            ]
        default: return ["const": value]
        }
    }
}

// MARK: - Types

extension SchemaExpander {
    private func addNumbers(
        _ schema: SchemaMembers, to shape: inout SchemaShape
    ) throws(GrammarError) {
        let bounds: [(String, [Decimal.Order])] = [
            ("minimum", [.equal, .greater]), ("maximum", [.equal, .less]),
            ("exclusiveMinimum", [.greater]), ("exclusiveMaximum", [.less]),
        ]
        for (keyword, orders) in bounds {
            guard let bound = try schema.number(keyword) else { continue }
            shape.numbers.append(
                .init(rule: .compares(bound, orders), pointer: schema.path(keyword)))
        }
        if let divisor = try schema.number("multipleOf") {
            guard !divisor.isNegative, !divisor.isZero else {
                throw schema.refusal("multipleOf", "is \(divisor.text), expected more than 0")
            }
            shape.numbers.append(
                .init(rule: .multiple(of: divisor, true), pointer: schema.path("multipleOf")))
        }
    }

    /// Formats of numbers, which the bounds of the numbers that are written keep.
    private static let numberFormats: Set = ["int64", "float", "double", "decimal"]

    private func addStrings(
        _ schema: SchemaMembers, to shape: inout SchemaShape
    ) throws(GrammarError) {
        if let (least, most) = try schema.range("Length") {
            guard least <= most ?? .max else {
                shape.kinds.remove(.string)
                return
            }
            shape.strings.append(
                .init(
                    rule: .length(least...(most ?? .max)),
                    pointer: schema.path(schema["maxLength"] == nil ? "minLength" : "maxLength")))
        }
        if let pattern = try schema.text("pattern") {
            shape.strings.append(
                .init(rule: .pattern(pattern, true), pointer: schema.path("pattern")))
        }
        guard let format = try schema.text("format"), !Self.numberFormats.contains(format) else {
            return
        }
        if format == "int32" {
            for (bound, order) in [(Int32.min, Decimal.Order.greater), (Int32.max, .less)] {
                guard let bound = Decimal(.integer(Int(bound))) else { continue }
                shape.numbers.append(
                    .init(rule: .compares(bound, [.equal, order]), pointer: schema.path("format")))
            }
            return
        }
        shape.strings.append(.init(rule: .format(format), pointer: schema.path("format")))
    }

    private mutating func addArrays(
        _ schema: SchemaMembers, to shape: inout SchemaShape
    ) throws(GrammarError) {
        var group = SchemaShape.ArrayRules.Group(prefix: [], rest: nil)
        var hasItems = false
        // Before 2020-12, an array of `items` was what `prefixItems` is now.
        let prefix = schema["items"]?.array == nil ? "prefixItems" : "items"
        if schema[prefix] != nil, schema[prefix]?.array?.isEmpty != true {
            group.prefix = try list(prefix, schema)
            hasItems = true
        }
        if let rest = single(prefix == "items" ? "additionalItems" : "items", schema) {
            group.rest = rest
            hasItems = true
        }
        if hasItems { shape.array.groups.append(group) }
        if let (least, most) = try schema.range("Items") {
            (shape.array.least, shape.array.most) = (least, most)
            if least > most ?? .max { shape.kinds.remove(.array) }
        }
        if schema["uniqueItems"]?.bool == true { shape.array.unique = schema.path("uniqueItems") }
        if let term = single("contains", schema) {
            let least = try schema.count("minContains") ?? 1
            let most = try schema.count("maxContains")
            if least > 0 || most != nil {
                shape.array.contains.append(.init(term: term, least: least, most: most))
            }
        }
    }

    private mutating func addObjects(
        _ schema: SchemaMembers, to shape: inout SchemaShape
    ) throws(GrammarError) {
        var group = SchemaShape.ObjectRules.Group()
        for (name, json) in try schema.members("properties")?.members ?? [] {
            let node = document.child(schema.node, "properties", name, json: json)
            group.properties.append((name, SchemaTerm(node: node)))
        }
        for (pattern, json) in try schema.members("patternProperties")?.members ?? [] {
            let node = document.child(schema.node, "patternProperties", pattern, json: json)
            group.patterns.append(
                (pattern, SchemaTerm(node: node), document.nodes[Int(node)].pointer))
        }
        group.others = single("additionalProperties", schema)
        if !group.properties.isEmpty || !group.patterns.isEmpty || group.others != nil {
            shape.object.groups.append(group)
        }
        shape.object.required = (try schema.names("required") ?? []).reduce(into: []) {
            if !$0.contains($1) { $0.append($1) }
        }
        if let (least, most) = try schema.range("Properties") {
            (shape.object.least, shape.object.most) = (least, most)
            if least > most ?? .max { shape.kinds.remove(.object) }
        }
        if let names = single("propertyNames", schema) { shape.object.names.append(names) }
    }

    /// `unevaluatedItems` and `unevaluatedProperties`: what no other keyword of the schema, in the
    /// alternatives that were chosen, says anything of.
    private mutating func withoutUnevaluated(
        _ schema: SchemaMembers, _ shapes: [SchemaShape]
    ) throws(GrammarError) -> [SchemaShape] {
        var shapes = shapes
        if let rest = single("unevaluatedItems", schema) {
            for index in shapes.indices {
                let groups = shapes[index].array.groups.filter(\.evaluates)
                if groups.contains(where: { $0.rest != nil }) { continue }
                let longest = groups.map(\.prefix.count).max() ?? 0
                let any = SchemaTerm(node: document.derived(from: schema.node, true))
                shapes[index].array.groups.append(
                    .init(prefix: Array(repeating: any, count: longest), rest: rest))
            }
        }
        if let rest = single("unevaluatedProperties", schema) {
            for index in shapes.indices {
                let groups = shapes[index].object.groups.filter(\.evaluates)
                if groups.contains(where: { $0.others != nil }) { continue }
                let any = SchemaTerm(node: document.derived(from: schema.node, true))
                var group = SchemaShape.ObjectRules.Group()
                for other in groups {
                    group.properties += other.properties.map { ($0.name, any) }
                    group.patterns += other.patterns.map { ($0.pattern, any, $0.pointer) }
                }
                group.others = rest
                shapes[index].object.groups.append(group)
            }
        }
        return shapes
    }
}
