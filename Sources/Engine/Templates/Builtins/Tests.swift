extension Jinja.Interpreter {
    /// What stands behind `is`.
    static let tests: Tests =
        kindTests.merging(valueTests) { $1 }.merging(comparisonTests) { $1 }

    typealias Tests =
        [String: @Sendable (Jinja.Interpreter, Value, Jinja.Arguments) throws -> Bool]

    private static let kindTests: Tests = [
        "defined": { _, value, _ in !value.isUndefined },
        "undefined": { _, value, _ in value.isUndefined },
        "none": { _, value, _ in if case .null = value { true } else { false } },
        "boolean": { _, value, _ in if case .bool = value { true } else { false } },
        "integer": { _, value, _ in if case .int = value { true } else { false } },
        "float": { _, value, _ in if case .float = value { true } else { false } },
        "number": { _, value, _ in value.number != nil },
        "string": { _, value, _ in if case .string = value { true } else { false } },
        "mapping": { _, value, _ in if case .dictionary = value { true } else { false } },
        "sequence": { _, value, _ in
            switch value {
            case .string, .dictionary, .undefined: true
            case .sequence(let sequence): if case .view = sequence.kind { false } else { true }
            default: false
            }
        },
        "iterable": { _, value, _ in
            switch value {
            case .string, .dictionary, .undefined, .sequence: true
            case .object(let object): object is Jinja.Generator || object is Jinja.Loop
            default: false
            }
        },
        "callable": { _, value, _ in
            switch value {
            case .undefined: true
            case .object(let object): object.isCallable
            default: false
            }
        },
    ]

    private static let valueTests: Tests = [
        "true": { _, value, _ in if case .bool(true) = value { true } else { false } },
        "false": { _, value, _ in if case .bool(false) = value { true } else { false } },
        "odd": { interpreter, value, _ in try interpreter.remainder(value, .int(2)) == 1 },
        "even": { interpreter, value, _ in try interpreter.remainder(value, .int(2)) == 0 },
        "divisibleby": { try $0.remainder($1, $2.exactly(1, for: "divisibleby")[0]) == 0 },
        "lower": { interpreter, value, _ in
            try interpreter.hasCase(interpreter.text(of: value).string) { $0.lowercased() }
        },
        "upper": { interpreter, value, _ in
            try interpreter.hasCase(interpreter.text(of: value).string) { $0.uppercased() }
        },
        "escaped": { _, _, _ in false },
        "filter": { interpreter, value, _ in filters[try interpreter.text(of: value).string] != nil
        },
        "test": { interpreter, value, _ in tests[try interpreter.text(of: value).string] != nil },
        "sameas": { try $0.isSame($1, $2.exactly(1, for: "sameas")[0]) },
        "in": { try $2.exactly(1, for: "in")[0].contains($1, $0.budget) },
    ]

    private static let comparisonTests: Tests = {
        let names: [(Jinja.ComparisonOperator, [String])] = [
            (.equal, ["eq", "==", "equalto"]), (.notEqual, ["ne", "!="]),
            (.less, ["lt", "<", "lessthan"]), (.lessOrEqual, ["le", "<="]),
            (.greater, ["gt", ">", "greaterthan"]), (.greaterOrEqual, ["ge", ">="]),
        ]
        var tests: Tests = [:]
        for (comparison, names) in names {
            for name in names {
                tests[name] = { try $0.holds($1, comparison, $2.exactly(1, for: name)[0]) }
            }
        }
        return tests
    }()

    private func remainder(_ value: Value, _ divisor: Value) throws -> Double? {
        try calculate(value, .remainder, divisor).number
    }

    /// Whether the text has letters with case, and all of them in that of `mapping`.
    private func hasCase(_ text: String, _ mapping: (String) -> String) throws -> Bool {
        try budget.spend(bytes: text.utf8.count)
        return text.unicodeScalars.contains(where: \.properties.isCased)
            && mapping(text).utf8.elementsEqual(text.utf8)
    }

    private func isSame(_ left: Value, _ right: Value) throws -> Bool {
        switch (left, right) {
        case (.sequence(let left), .sequence(let right)): left === right
        case (.dictionary(let left), .dictionary(let right)): left === right
        default: try left.typeName == right.typeName && left.equals(right, budget)
        }
    }
}
