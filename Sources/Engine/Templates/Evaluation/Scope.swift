extension Jinja {
    /// The variables of one block; names that it lacks are looked up in the block around it.
    final class Scope {
        var variables: [String: Value] = [:]
        let parent: Scope?

        init(parent: Scope?) { self.parent = parent }

        subscript(_ name: String) -> Value? {
            var scope: Scope? = self
            while let current = scope {
                if let value = current.variables[name] { return value }
                scope = current.parent
            }
            return nil
        }
    }

    /// The arguments of a call, evaluated.
    struct Arguments {
        var positional: [Value] = []
        /// Their names are texts because `**` takes them from a mapping, which may be the request's, and
        /// `kwargs` and `dict` give them back.
        var named: [(name: Text, value: Value)] = []

        init(_ positional: [Value] = [], named: [(name: Text, value: Value)] = []) {
            self.positional = positional
            self.named = named
        }

        /// The arguments in the order of a function's parameters, nil where none was given.
        func bound(_ function: String, _ parameters: String...) throws -> [Value?] {
            guard positional.count <= parameters.count else {
                throw Failure(
                    "\(function)() takes at most \(parameters.count) arguments, "
                        + "\(positional.count) given")
            }
            var values = positional.map(Value?.some)
            values += Array(repeating: nil, count: parameters.count - values.count)
            for (name, value) in named {
                guard let index = parameters.firstIndex(where: name.isSpelled),
                    values[index] == nil
                else {
                    throw Failure("\(function)() got an unexpected argument '\(name.string)'")
                }
                values[index] = value
            }
            return values
        }

        /// - Throws: `Failure` unless exactly `count` positional arguments were given.
        func exactly(_ count: Int, for function: String) throws -> [Value] {
            guard positional.count == count, named.isEmpty else {
                throw Failure(
                    "\(function)() takes \(count) argument\(count == 1 ? "" : "s"), "
                        + "\(positional.count + named.count) given")
            }
            return positional
        }
    }
}
