extension Jinja {
    /// A running `for`, and the `loop` variable within it.
    ///
    /// Elements are drawn, and the `if` of the loop evaluated, one at a time: a test may depend on
    /// what the body did for the elements before.
    final class Loop: Object {
        let typeName = "LoopContext"
        let depth: Int
        private let definition: For
        private let elements: [Value]
        private let depth0: Int
        private let scope: Scope
        private unowned let interpreter: Interpreter
        private var position = 0
        private var upcoming: [Value] = []
        private var index0 = -1
        private var current: Value?
        private var previous: Value?
        var lastChanged: [Value]?

        init(
            _ definition: For, over sequence: Value, depth0: Int, interpreter: Interpreter
        ) throws {
            self.definition = definition
            self.depth0 = depth0
            self.interpreter = interpreter
            scope = interpreter.scope
            elements = try sequence.elements(interpreter.budget)
            depth = try Value.depth(around: elements)
        }

        func next() throws -> Value? {
            guard let element = upcoming.isEmpty ? try draw() : upcoming.removeFirst() else {
                return nil
            }
            index0 += 1
            previous = current
            current = element
            return element
        }

        private func draw() throws -> Value? {
            while position < elements.count {
                let element = elements[position]
                position += 1
                if try interpreter.passes(element, definition, in: scope) { return element }
            }
            return nil
        }

        private func peek() throws -> Value? {
            if upcoming.isEmpty, let element = try draw() { upcoming.append(element) }
            return upcoming.first
        }

        func count() throws -> Int {
            if definition.test == nil { return elements.count }
            while let element = try draw() { upcoming.append(element) }
            return index0 + 1 + upcoming.count
        }

        func attribute(_ name: String) throws -> Value? {
            switch name {
            case "index": .int(index0 + 1)
            case "index0": .int(index0)
            case "first": .bool(index0 == 0)
            case "last": .bool(try peek() == nil)
            case "length": .int(try count())
            case "revindex": .int(try count() - index0)
            case "revindex0": .int(try count() - index0 - 1)
            case "depth": .int(depth0 + 1)
            case "depth0": .int(depth0)
            case "previtem": previous ?? .undefined("there is no previous item")
            case "nextitem": try peek() ?? .undefined("there is no next item")
            case "cycle":
                .object(Function("cycle", depth: depth) { [self] _, values in try cycle(values) })
            case "changed":
                .object(
                    Function("changed", depth: depth) { [self] _, values in try changed(values) })
            default: nil
            }
        }

        private func cycle(_ arguments: Arguments) throws -> Value {
            guard !arguments.positional.isEmpty else {
                throw Failure("no items for cycling given")
            }
            return arguments.positional[index0 % arguments.positional.count]
        }

        private func changed(_ arguments: Arguments) throws -> Value {
            let values = arguments.positional
            let isSame = try lastChanged.map { last in
                guard last.count == values.count else { return false }
                return try zip(last, values).allSatisfy { try $0.equals($1, interpreter.budget) }
            }
            _ = try Value.depth(around: values)
            if lastChanged == nil { interpreter.retain(self) }
            lastChanged = values
            return .bool(isSame != true)
        }

        /// `loop(children)`: the loop again, over other elements.
        func call(_ arguments: Arguments, _ interpreter: Interpreter) throws -> Value {
            guard definition.isRecursive else {
                throw Failure("the loop must be marked 'recursive' to be called")
            }
            let sequence = try arguments.exactly(1, for: "loop")[0]
            let text = try interpreter.captured {
                try interpreter.scoped(in: scope) {
                    try interpreter.execute(definition, over: sequence, depth: depth0 + 1)
                }
            }
            return .string(text)
        }
    }
}
