extension Jinja.Interpreter {
    static let selectionFilters: Filters = [
        "map": { try $0.mapped($1, $2) },
        "select": { try $0.selected($1, $2, byAttribute: false, keeping: true) },
        "reject": { try $0.selected($1, $2, byAttribute: false, keeping: false) },
        "selectattr": { try $0.selected($1, $2, byAttribute: true, keeping: true) },
        "rejectattr": { try $0.selected($1, $2, byAttribute: true, keeping: false) },
    ]

    /// `map('filter', …)` or `map(attribute='path', default=…)`.
    private func mapped(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let elements = try candidates(value)
        if arguments.positional.isEmpty {
            let bound = try Jinja.Arguments(named: arguments.named)
                .bound("map", "attribute", "default")
            guard let attribute = bound[0] else {
                throw Failure("map needs a filter or an attribute")
            }
            let standard = bound[1].flatMap { $0.isNull ? nil : $0 }
            return .object(
                try Jinja.Generator(
                    elements.map { try path(attribute, of: $0, standard: standard) }))
        }
        let (name, rest) = try split(arguments)
        return .object(
            try Jinja.Generator(elements.map { try apply(filter: name, to: $0, rest) }))
    }

    /// `select('test', …)` and similar; without a test the truth of the value counts.
    private func selected(
        _ value: Value, _ arguments: Jinja.Arguments, byAttribute: Bool, keeping wanted: Bool
    ) throws -> Value {
        var arguments = arguments
        var attribute: Value?
        if byAttribute {
            guard let first = arguments.positional.first else {
                throw Failure("the name of the attribute is missing")
            }
            attribute = first
            arguments.positional.removeFirst()
        }
        let test = arguments.positional.isEmpty ? nil : try split(arguments)
        let elements = try candidates(value).filter { element in
            let subject = try attribute.map { try path($0, of: element) } ?? element
            guard let test else { return subject.isTrue == wanted }
            return try holds(test: test.name, for: subject, test.rest) == wanted
        }
        return .object(try Jinja.Generator(elements))
    }

    /// The elements to choose from: none for `none` and other false values.
    private func candidates(_ value: Value) throws -> [Value] {
        value.isTrue ? try value.elements(budget) : []
    }

    /// The name of a filter or test and the arguments meant for it.
    private func split(
        _ arguments: Jinja.Arguments
    ) throws -> (name: String, rest: Jinja.Arguments) {
        var rest = arguments
        let name = try text(of: rest.positional.removeFirst()).string
        return (name, rest)
    }
}
