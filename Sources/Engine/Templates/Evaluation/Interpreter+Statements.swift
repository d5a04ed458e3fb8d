extension Jinja.Interpreter {
    /// How a body ended.
    enum Flow {
        case finished, broken, continued
    }

    func execute(_ statements: [Jinja.Statement]) throws -> Flow {
        try budget.enter()
        defer { budget.leave() }
        for statement in statements {
            let flow = try execute(statement)
            if flow != .finished { return flow }
        }
        return .finished
    }

    private func execute(_ statement: Jinja.Statement) throws -> Flow {
        try budget.spend(1)
        switch statement {
        case .text(let text): try write(Jinja.Text(text))
        case .output(let expression): try write(text(of: evaluate(expression)))
        case .conditional(let branches, let otherwise):
            for (test, body) in branches where try evaluate(test).isTrue {
                return try execute(body)
            }
            return try execute(otherwise)
        case .loop(let loop): try execute(loop, over: evaluate(loop.sequence), depth: 0)
        case .assignment(let target, let expression):
            try assign(evaluate(expression), to: target)
        case .blockAssignment(let target, let filters, let body):
            try assign(filtered(body, filters), to: target)
        case .macro(let definition):
            scope.variables[definition.name] = .object(macro(definition))
        case .callBlock(let definition, let call): try execute(definition, call: call)
        case .filterBlock(let filters, let body): try write(text(of: filtered(body, filters)))
        case .with(let assignments, let body): return try execute(assignments, body)
        case .scope(let body): return try scoped(in: scope) { try execute(body) }
        case .breakLoop: return .broken
        case .continueLoop: return .continued
        }
        return .finished
    }

    /// What a body writes, as the filters leave it.
    private func filtered(
        _ body: [Jinja.Statement], _ filters: [Jinja.NamedCall]
    ) throws -> Jinja.Value {
        let text = try captured { _ = try scoped(in: scope) { try execute(body) } }
        return try filters.reduce(.string(text)) { try apply($1, to: $0) }
    }

    private func execute(
        _ assignments: [(target: Jinja.Target, value: Jinja.Expression)], _ body: [Jinja.Statement]
    ) throws -> Flow {
        let values = try assignments.map { try evaluate($0.value) }
        return try scoped(in: scope) {
            for (assignment, value) in zip(assignments, values) {
                try assign(value, to: assignment.target)
            }
            return try execute(body)
        }
    }

    private func macro(_ definition: Jinja.MacroDefinition) -> Jinja.Macro {
        retain(scope)
        return Jinja.Macro(definition, scope: scope)
    }

    private func execute(_ definition: Jinja.MacroDefinition, call: Jinja.Expression) throws {
        guard case .call(let function, let written) = call.kind else { return }
        let callee = try evaluate(function)
        var arguments = try evaluate(written)
        arguments.named.append(("caller", .object(macro(definition))))
        try write(text(of: self.call(callee, arguments)))
    }

    // MARK: - Assignment

    func assign(_ value: Jinja.Value, to target: Jinja.Target) throws {
        switch target {
        case .name(let name): scope.variables[name] = value
        case .attribute(let object, let name):
            guard case .object(let object as Jinja.Namespace) = scope[object] else {
                throw Jinja.Failure("cannot assign attribute on non-namespace object")
            }
            object.variables[name] = value
        case .tuple(let targets):
            let values = try value.elements(budget)
            guard values.count == targets.count else {
                throw Jinja.Failure(
                    "found \(values.count) values to unpack, expected \(targets.count)")
            }
            for (target, value) in zip(targets, values) { try assign(value, to: target) }
        }
    }

    // MARK: - Loops

    func execute(_ loop: Jinja.For, over sequence: Jinja.Value, depth: Int) throws {
        line = loop.line
        let outside = scope
        let state = try Jinja.Loop(loop, over: sequence, depth0: depth, interpreter: self)
        var isEmpty = true
        while let element = try state.next() {
            isEmpty = false
            let flow = try scoped(in: outside) {
                scope.variables["loop"] = .object(state)
                try assign(element, to: loop.target)
                return try execute(loop.body)
            }
            if flow == .broken { return }
        }
        if isEmpty { _ = try scoped(in: outside) { try execute(loop.otherwise) } }
    }

    /// Whether the `if` of a loop lets `element` through.
    func passes(_ element: Jinja.Value, _ loop: Jinja.For, in outside: Jinja.Scope) throws -> Bool {
        guard let test = loop.test else { return true }
        return try scoped(in: outside) {
            try assign(element, to: loop.target)
            return try evaluate(test).isTrue
        }
    }
}
