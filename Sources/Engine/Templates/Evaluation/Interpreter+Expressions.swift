extension Jinja.Interpreter {
    func evaluate(_ expression: Jinja.Expression) throws -> Jinja.Value {
        try budget.spend(1)
        line = expression.line
        switch expression.kind {
        case .constant(let value): return value
        case .name(let name): return scope[name] ?? .undefined("'\(name)' is undefined")
        case .list(let elements): return try .list(elements.map(evaluate))
        case .tuple(let elements): return try .tuple(elements.map(evaluate))
        case .dictionary(let members):
            return try .dictionary(
                members.map { (key: try evaluate($0.key), value: try evaluate($0.value)) })
        case .attribute(let base, let name): return try attribute(name, of: evaluate(base))
        case .item(let base, let index): return try item(evaluate(index), of: evaluate(base))
        case .slice(let base, let slice): return try evaluate(slice, of: evaluate(base))
        case .call(let callee, let arguments):
            return try call(evaluate(callee), evaluate(arguments), at: expression.line)
        case .filter(let base, let filter): return try apply(filter, to: evaluate(base))
        case .test(let base, let test): return .bool(try holds(test, for: base))
        default: return try evaluateOperator(expression.kind)
        }
    }

    private func evaluateOperator(_ kind: Jinja.Expression.Kind) throws -> Jinja.Value {
        switch kind {
        case .not(let operand): return .bool(try !evaluate(operand).isTrue)
        case .negative(let operand): return try negated(evaluate(operand))
        case .positive(let operand): return try numeric(evaluate(operand), sign: "+")
        case .binary(let sign, let left, let right):
            return try calculate(evaluate(left), sign, evaluate(right))
        case .and(let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? try evaluate(right) : value
        case .or(let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? value : try evaluate(right)
        case .comparison(let left, let operands): return .bool(try compare(left, operands))
        case .concatenation(let parts):
            var result = Jinja.TextBuilder()
            for part in parts {
                result.append(try text(of: evaluate(part)))
                try budget.spend(bytes: result.string.utf8.count)
            }
            return .string(result.text)
        case .conditional(let test, let then, let otherwise):
            if try evaluate(test).isTrue { return try evaluate(then) }
            return try otherwise.map(evaluate)
                ?? .undefined("the condition is false and there is no 'else'")
        default: return .null
        }
    }

    /// `a < b <= c` compares neighbours and evaluates each operand at most once.
    private func compare(
        _ first: Jinja.Expression, _ operands: [(Jinja.ComparisonOperator, Jinja.Expression)]
    ) throws -> Bool {
        var left = try evaluate(first)
        for (comparison, operand) in operands {
            let right = try evaluate(operand)
            guard try holds(left, comparison, right) else { return false }
            left = right
        }
        return true
    }

    func holds(
        _ left: Jinja.Value, _ comparison: Jinja.ComparisonOperator, _ right: Jinja.Value
    ) throws -> Bool {
        switch comparison {
        case .equal: try left.equals(right, budget)
        case .notEqual: try !left.equals(right, budget)
        case .less: try left.isLess(than: right, budget)
        case .greater: try right.isLess(than: left, budget)
        case .lessOrEqual: try left.isLess(than: right, budget) || left.equals(right, budget)
        case .greaterOrEqual: try right.isLess(than: left, budget) || left.equals(right, budget)
        case .contained: try right.contains(left, budget)
        case .notContained: try !right.contains(left, budget)
        }
    }

    // MARK: - Calls

    func evaluate(_ written: Jinja.CallArguments) throws -> Jinja.Arguments {
        var arguments = Jinja.Arguments(try written.positional.map(evaluate))
        for (name, value) in written.named {
            arguments.named.append((Jinja.Text(name), try evaluate(value)))
        }
        if let spread = written.spread {
            arguments.positional += try evaluate(spread).elements(budget)
        }
        guard let spreadNamed = written.spreadNamed else { return arguments }
        guard case .dictionary(let dictionary) = try evaluate(spreadNamed) else {
            throw Jinja.Failure("the argument after ** must be a mapping")
        }
        for (key, value) in dictionary.members {
            arguments.named.append((try text(of: key), value))
        }
        return arguments
    }

    func call(
        _ callee: Jinja.Value, _ arguments: Jinja.Arguments, at line: Int? = nil
    ) throws -> Jinja.Value {
        if let line { self.line = line }
        try budget.enter()
        defer { budget.leave() }
        switch callee {
        case .object(let object): return try object.call(arguments, self)
        case .undefined(let problem): throw Jinja.Failure(problem)
        default: throw Jinja.Failure("'\(callee.typeName)' object is not callable")
        }
    }

    func apply(_ filter: Jinja.NamedCall, to value: Jinja.Value) throws -> Jinja.Value {
        let arguments = try evaluate(filter.arguments)
        line = filter.line
        return try apply(filter: filter.name, to: value, arguments)
    }

    func apply(
        filter name: String, to value: Jinja.Value, _ arguments: Jinja.Arguments
    ) throws -> Jinja.Value {
        guard let filter = Self.filters[name] else {
            throw Jinja.Failure("no filter named '\(name)'")
        }
        try budget.spend(1)
        return try filter(self, value, arguments)
    }

    private func holds(_ test: Jinja.NamedCall, for base: Jinja.Expression) throws -> Bool {
        let value = try evaluate(base)
        let arguments = try evaluate(test.arguments)
        line = test.line
        return try holds(test: test.name, for: value, arguments)
    }

    func holds(
        test name: String, for value: Jinja.Value, _ arguments: Jinja.Arguments
    ) throws -> Bool {
        guard let test = Self.tests[name] else { throw Jinja.Failure("no test named '\(name)'") }
        try budget.spend(1)
        return try test(self, value, arguments)
    }
}
