import JSON

extension SchemaExpander {
    /// The ways not to satisfy a schema: to break one of its keywords.
    mutating func negated(_ schema: SchemaMembers) throws(GrammarError) -> [SchemaShape] {
        var options: [SchemaShape] = []
        if let (kinds, isInteger) = try schema.kinds() {
            var others = SchemaShape()
            others.kinds = SchemaShape.Kinds.any.subtracting(kinds)
            if !others.kinds.isEmpty { options.append(others) }
            if isInteger {
                options.append(
                    number(.integer(false), at: schema.path("type")))
            }
        }
        options += try brokenNumbers(schema)
        options += try brokenStrings(schema)
        options += try brokenArrays(schema)
        options += try brokenObjects(schema)
        options += try brokenCombinations(schema)
        for keyword in ["unevaluatedItems", "unevaluatedProperties", "dependentSchemas"]
        where schema[keyword] != nil { throw undecided(keyword, schema) }
        return options
    }

    private func undecided(_ keyword: String, _ schema: SchemaMembers) -> GrammarError {
        schema.refusal(
            keyword, "cannot be negated, as 'not', 'oneOf' or 'if' around it would need")
    }

    private func number(_ rule: SchemaShape.NumberRule, at pointer: String) -> SchemaShape {
        var shape = SchemaShape()
        shape.kinds = .number
        shape.numbers = [.init(rule: rule, pointer: pointer)]
        return shape
    }

    private func string(_ rule: SchemaShape.StringRule, at pointer: String) -> SchemaShape {
        var shape = SchemaShape()
        shape.kinds = .string
        shape.strings = [.init(rule: rule, pointer: pointer)]
        return shape
    }

    private func brokenNumbers(_ schema: SchemaMembers) throws(GrammarError) -> [SchemaShape] {
        let bounds: [(String, [Decimal.Order])] = [
            ("minimum", [.less]), ("maximum", [.greater]),
            ("exclusiveMinimum", [.less, .equal]), ("exclusiveMaximum", [.greater, .equal]),
        ]
        var options: [SchemaShape] = []
        for (keyword, orders) in bounds {
            guard let bound = try schema.number(keyword) else { continue }
            options.append(number(.compares(bound, orders), at: schema.path(keyword)))
        }
        if let divisor = try schema.number("multipleOf") {
            options.append(
                number(.multiple(of: divisor, false), at: schema.path("multipleOf")))
        }
        return options
    }

    private func brokenStrings(_ schema: SchemaMembers) throws(GrammarError) -> [SchemaShape] {
        var options: [SchemaShape] = []
        if let least = try schema.count("minLength"), least > 0 {
            options.append(string(.length(0...least - 1), at: schema.path("minLength")))
        }
        if let most = try schema.count("maxLength") {
            options.append(string(.length(most + 1 ... .max), at: schema.path("maxLength")))
        }
        if let pattern = try schema.text("pattern") {
            options.append(string(.pattern(pattern, false), at: schema.path("pattern")))
        }
        if schema["format"] != nil { throw undecided("format", schema) }
        return options
    }

    private func array(_ change: (inout SchemaShape.ArrayRules) -> Void) -> SchemaShape {
        var shape = SchemaShape()
        shape.kinds = .array
        change(&shape.array)
        return shape
    }

    private mutating func brokenArrays(
        _ schema: SchemaMembers
    ) throws(GrammarError) -> [SchemaShape] {
        var options: [SchemaShape] = []
        if let least = try schema.count("minItems"), least > 0 {
            options.append(array { $0.most = least - 1 })
        }
        if let most = try schema.count("maxItems") {
            options.append(array { $0.least = most + 1 })
        }
        if schema["uniqueItems"]?.bool == true { throw undecided("uniqueItems", schema) }
        let prefix = try list("prefixItems", schema)
        let any = SchemaTerm(node: document.derived(from: schema.node, true))
        for (index, term) in prefix.enumerated() {
            options.append(
                array {
                    $0.least = index + 1
                    $0.groups = [
                        .init(
                            prefix: Array(repeating: any, count: index) + [term.opposite],
                            rest: any, evaluates: false)
                    ]
                })
        }
        if let rest = single("items", schema) {
            if document.nodes[Int(rest.node)].json == false {
                options.append(array { $0.least = prefix.count + 1 })
            } else if prefix.isEmpty {
                options.append(
                    array { $0.contains = [.init(term: rest.opposite, least: 1, most: nil)] })
            } else {
                throw undecided("items", schema)
            }
        }
        if let term = single("contains", schema) {
            let least = try schema.count("minContains") ?? 1
            if least > 0 {
                options.append(
                    array { $0.contains = [.init(term: term, least: 0, most: least - 1)] })
            }
            if let most = try schema.count("maxContains") {
                options.append(
                    array { $0.contains = [.init(term: term, least: most + 1, most: nil)] })
            }
        }
        return options
    }

    private func object(_ change: (inout SchemaShape.ObjectRules) -> Void) -> SchemaShape {
        var shape = SchemaShape()
        shape.kinds = .object
        change(&shape.object)
        return shape
    }

    private mutating func brokenObjects(
        _ schema: SchemaMembers
    ) throws(GrammarError) -> [SchemaShape] {
        var options: [SchemaShape] = []
        if let least = try schema.count("minProperties"), least > 0 {
            options.append(object { $0.most = least - 1 })
        }
        if let most = try schema.count("maxProperties") {
            options.append(object { $0.least = most + 1 })
        }
        for name in try schema.names("required") ?? [] {
            options.append(try without(name, schema))
        }
        for (name, json) in try schema.members("properties")?.members ?? [] where json != true {
            let term = SchemaTerm(
                node: document.child(schema.node, "properties", name, json: json))
            options.append(
                object {
                    $0.required = [name]
                    $0.groups = [
                        .init(properties: [(name, term.opposite)], evaluates: false)
                    ]
                })
        }
        for (name, value) in try schema.members("dependentRequired")?.members ?? [] {
            for other in value.array?.compactMap(\.string) ?? [] {
                var shape = try without(other, schema)
                shape.object.required = [name]
                options.append(shape)
            }
        }
        for keyword in ["patternProperties", "propertyNames", "dependencies"]
        where schema[keyword] != nil { throw undecided(keyword, schema) }
        if let others = schema["additionalProperties"], others != true {
            throw undecided("additionalProperties", schema)
        }
        return options
    }

    private mutating func without(
        _ name: String, _ schema: SchemaMembers
    ) throws(GrammarError) -> SchemaShape {
        let never = SchemaTerm(node: document.derived(from: schema.node, false))
        return object {
            $0.groups = [.init(properties: [(name, never)], evaluates: false)]
        }
    }

    private mutating func brokenCombinations(
        _ schema: SchemaMembers
    ) throws(GrammarError) -> [SchemaShape] {
        var options: [SchemaShape] = []
        for values in [schema["enum"]?.array, schema["const"].map { [$0] }].compactMap({ $0 }) {
            options += try others(than: values, schema)
        }
        for keyword in ["$ref", "$dynamicRef"] {
            guard let reference = try schema.text(keyword) else { continue }
            let target = try document.target(of: reference, from: schema.node, keyword)
            options += try shapes(of: SchemaTerm(node: target, isNegated: true))
        }
        for term in try list("allOf", schema) { options += try shapes(of: term.opposite) }
        let any = try list("anyOf", schema)
        if !any.isEmpty { options += try shapes(of: any.map(\.opposite)) }
        let one = try list("oneOf", schema)
        if !one.isEmpty { options += try shapes(of: one.map(\.opposite)) }
        for (index, term) in one.enumerated() {
            for other in one[(index + 1)...] { options += try shapes(of: [term, other]) }
        }
        if let term = single("not", schema) { options += try shapes(of: term) }
        if let condition = single("if", schema) {
            if let then = single("then", schema) {
                options += try shapes(of: [condition, then.opposite])
            }
            if let otherwise = single("else", schema) {
                options += try shapes(of: [condition.opposite, otherwise.opposite])
            }
        }
        return options
    }

    /// All values but some.
    private mutating func others(
        than values: [JSONValue], _ schema: SchemaMembers
    ) throws(GrammarError) -> [SchemaShape] {
        var shape = SchemaShape()
        var composites: [SchemaTerm] = []
        var (numbers, texts): ([Decimal], [String]) = ([], [])
        for value in values {
            switch value {
            case .null: shape.kinds.remove(.null)
            case .bool(let flag): shape.kinds.remove(flag ? .true : .false)
            case .integer, .number: Decimal(value).map { numbers.append($0) }
            case .string(let text): texts.append(text)
            case .array, .object:
                composites.append(
                    SchemaTerm(
                        node: document.derived(from: schema.node, Self.schema(of: value)),
                        isNegated: true))
            }
        }
        for number in numbers {
            shape.numbers.append(
                .init(rule: .compares(number, [.less, .greater]), pointer: schema.pointer))
        }
        if !texts.isEmpty {
            shape.strings.append(.init(rule: .oneOf(texts, false), pointer: schema.pointer))
        }
        var shapes = [shape]
        for term in composites {
            shapes = try both(shapes, try self.shapes(of: term), at: schema.pointer)
        }
        return shapes
    }
}
