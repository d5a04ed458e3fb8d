extension Jinja {
    /// A function of the language, or an ability of an object: `range`, `loop.cycle`.
    final class Function: Object {
        typealias Body = (Interpreter, Arguments) throws -> Value

        let typeName = "function"
        let isCallable = true
        let depth: Int
        private let name: String
        private let body: Body

        /// - Parameter depth: of what `body` keeps.
        init(_ name: String, depth: Int = 0, _ body: @escaping Body) {
            self.name = name
            self.depth = depth
            self.body = body
        }

        var text: String { "<function \(name)>" }

        func call(_ arguments: Arguments, _ interpreter: Interpreter) throws -> Value {
            try body(interpreter, arguments)
        }
    }

    /// A method and the value to which it belongs: `message.content.strip`.
    final class Method: Object {
        let typeName = "builtin_function_or_method"
        let isCallable = true
        private let name: String
        private let receiver: Value

        init(_ name: String, of receiver: Value) {
            self.name = name
            self.receiver = receiver
        }

        var text: String { "<built-in method \(name) of \(receiver.typeName) object>" }
        var depth: Int { receiver.depth + 1 }

        func call(_ arguments: Arguments, _ interpreter: Interpreter) throws -> Value {
            try interpreter.call(method: name, of: receiver, arguments)
        }
    }

    /// The one thing whose parts a template can assign: `{% set ns.found = true %}`.
    final class Namespace: Object {
        let typeName = "Namespace"
        var variables: [String: Value] = [:]

        var text: String { "<Namespace>" }

        func attribute(_ name: String) throws -> Value? { variables[name] }
    }

    /// Elements that can be gone through once, as `map` and `select` give them.
    final class Generator: Object {
        let typeName = "generator"
        let depth: Int
        private var elements: [Value]

        init(_ elements: [Value]) throws {
            self.elements = elements
            depth = try Value.depth(around: elements)
        }

        var text: String { "<generator object>" }

        func take() -> [Value] {
            defer { elements = [] }
            return elements
        }

        func takeFirst() -> Value? { elements.isEmpty ? nil : elements.removeFirst() }
    }

    /// `joiner(', ')`: nothing at the first call, the separator afterwards.
    final class Joiner: Object {
        let typeName = "Joiner"
        let isCallable = true
        let depth: Int
        private let separator: Value
        private var isFirst = true

        init(_ separator: Value) throws {
            self.separator = separator
            depth = try Value.depth(around: [separator])
        }

        func call(_ arguments: Arguments, _ interpreter: Interpreter) throws -> Value {
            defer { isFirst = false }
            return isFirst ? .string("") : separator
        }
    }

    /// `cycler('odd', 'even')`: one value after the other, repeated.
    final class Cycler: Object {
        let typeName = "Cycler"
        let depth: Int
        private let values: [Value]
        private var position = 0

        init(_ values: [Value]) throws {
            self.values = values
            depth = try Value.depth(around: values)
        }

        func attribute(_ name: String) throws -> Value? {
            switch name {
            case "current": values[position]
            case "next": .object(Function("next", depth: depth) { [self] _, _ in next() })
            case "reset": .object(Function("reset", depth: depth) { [self] _, _ in reset() })
            default: nil
            }
        }

        private func next() -> Value {
            defer { position = (position + 1) % values.count }
            return values[position]
        }

        private func reset() -> Value {
            position = 0
            return .null
        }
    }
}
