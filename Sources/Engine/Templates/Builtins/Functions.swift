import Glibc

extension Jinja.Interpreter {
    /// The functions that every template sees.
    static var globals: Jinja.Scope {
        let scope = Jinja.Scope(parent: nil)
        for (name, body) in functions {
            scope.variables[name] = .object(Jinja.Function(name, body))
        }
        return scope
    }

    private static var functions: [String: Jinja.Function.Body] {
        [
            "range": { try $0.range($1) },
            "dict": { try $0.dictionary($1) },
            "namespace": { try $0.namespace($1) },
            "joiner": { _, arguments in
                let separator = try arguments.bound("joiner", "sep")[0]
                return .object(try Jinja.Joiner(separator ?? .string(", ")))
            },
            "cycler": { _, arguments in
                if arguments.positional.isEmpty {
                    throw Failure("at least one item has to be provided")
                }
                return .object(try Jinja.Cycler(arguments.positional))
            },
            "raise_exception": { interpreter, arguments in
                let message = try arguments.bound("raise_exception", "message")[0] ?? .null
                throw TemplateError.refused(try interpreter.text(of: message).string)
            },
            "strftime_now": { interpreter, arguments in
                let format = try arguments.bound("strftime_now", "format")[0] ?? .string("")
                let text = try interpreter.text(of: format)
                return .string(Jinja.Text(try Self.now(text.string), text.derivedOrigin))
            },
        ]
    }

    private func range(_ arguments: Jinja.Arguments) throws -> Value {
        let bounds = try arguments.positional.map { value in
            guard let integer = value.integer else {
                throw Failure("range() takes integers, found \(value.typeName)")
            }
            return integer
        }
        guard 1...3 ~= bounds.count, arguments.named.isEmpty else {
            throw Failure("range() takes 1 to 3 arguments, \(bounds.count) given")
        }
        let start = bounds.count > 1 ? bounds[0] : 0
        let stop = bounds.count > 1 ? bounds[1] : bounds[0]
        let step = bounds.count > 2 ? bounds[2] : 1
        let integers = try Self.integers(from: start, to: stop, by: step)
        try budget.spend(integers.count)
        let written = "range(\(start), \(stop)\(step == 1 ? "" : ", \(step)"))"
        return .sequence(try Jinja.Sequence(.range(written), integers.map(Value.int)))
    }

    private static func integers(from start: Int, to stop: Int, by step: Int) throws -> [Int] {
        guard step != 0 else { throw Failure("range() arg 3 must not be zero") }
        let length = (Double(stop) - Double(start)) / Double(step)
        guard length <= Double(Jinja.Limits.range) else {
            throw Jinja.Failure.limit("a range of more than \(Jinja.Limits.range) elements")
        }
        return Array(stride(from: start, to: stop, by: step))
    }

    private func dictionary(_ arguments: Jinja.Arguments) throws -> Value {
        guard arguments.positional.count <= 1 else {
            throw Failure("dict() takes at most 1 argument, \(arguments.positional.count) given")
        }
        var members: [(key: Value, value: Value)] = []
        switch arguments.positional.first {
        case nil: break
        case .dictionary(let dictionary): members = dictionary.members
        case let pairs?:
            members = try pairs.elements(budget).map { pair in
                let pair = try pair.elements(budget)
                guard pair.count == 2 else { throw Failure("dict() takes pairs of key and value") }
                return (key: pair[0], value: pair[1])
            }
        }
        try budget.spend(members.count)
        return try .dictionary(
            members + arguments.named.map { (key: .string($0.name), value: $0.value) })
    }

    private func namespace(_ arguments: Jinja.Arguments) throws -> Value {
        guard case .dictionary(let dictionary) = try dictionary(arguments) else { return .null }
        let namespace = Jinja.Namespace()
        retain(namespace)
        for (key, value) in dictionary.members {
            namespace.variables[try text(of: key).string] = value
        }
        return .object(namespace)
    }

    /// The local time as C's `strftime` writes it.
    private static func now(_ format: String) throws -> String {
        guard format.utf8.count <= 256 else { throw Failure("strftime_now() takes a short format") }
        var seconds = time(nil)
        var parts = tm()
        localtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
