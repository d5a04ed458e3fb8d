extension Jinja {
    /// A macro, or the body of a `call` block, together with the scope in which it was written.
    final class Macro: Object {
        let typeName = "Macro"
        let isCallable = true
        private let definition: MacroDefinition
        private let scope: Scope

        init(_ definition: MacroDefinition, scope: Scope) {
            self.definition = definition
            self.scope = scope
        }

        var text: String { "<Macro '\(definition.name)'>" }

        func attribute(_ name: String) throws -> Value? {
            switch name {
            case "name": .string(Jinja.Text(definition.name))
            case "arguments": try .tuple(definition.parameters.map { .string(Jinja.Text($0.name)) })
            default: nil
            }
        }

        func call(_ arguments: Arguments, _ interpreter: Interpreter) throws -> Value {
            try interpreter.budget.enter()
            defer { interpreter.budget.leave() }
            let text = try interpreter.captured {
                try interpreter.scoped(in: scope) {
                    try bind(arguments, interpreter)
                    _ = try interpreter.execute(definition.body)
                }
            }
            return .string(text)
        }

        /// Assigns the parameters; defaults are evaluated at each call and see the parameters
        /// before them. What is left over goes to `varargs` and `kwargs`.
        private func bind(_ arguments: Arguments, _ interpreter: Interpreter) throws {
            var named = arguments.named
            func takeNamed(_ name: String) -> Value? {
                named.firstIndex { $0.name.isSpelled(name) }.map { named.remove(at: $0).value }
            }
            let scope = interpreter.scope
            for (index, parameter) in definition.parameters.enumerated() {
                if index < arguments.positional.count {
                    scope.variables[parameter.name] = arguments.positional[index]
                } else if let value = takeNamed(parameter.name) {
                    scope.variables[parameter.name] = value
                } else if let standard = parameter.standard {
                    scope.variables[parameter.name] = try interpreter.evaluate(standard)
                } else {
                    scope.variables[parameter.name] =
                        .undefined("parameter '\(parameter.name)' was not provided")
                }
            }
            if let caller = takeNamed("caller") { scope.variables["caller"] = caller }
            let extra = arguments.positional.dropFirst(definition.parameters.count)
            scope.variables["varargs"] = try .tuple(Array(extra))
            scope.variables["kwargs"] = try .dictionary(
                named.map { (key: .string($0.name), value: $0.value) })
            try refuse(extra: extra.count, named.first?.name.string)
        }

        private func refuse(extra: Int, _ name: String?) throws {
            if let name, !definition.takesMoreNamed {
                throw Failure("macro '\(definition.name)' takes no keyword argument '\(name)'")
            }
            if extra > 0, !definition.takesMore {
                throw Failure(
                    "macro '\(definition.name)' takes not more than "
                        + "\(definition.parameters.count) argument(s)")
            }
        }
    }
}
