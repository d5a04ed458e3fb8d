extension Jinja.Interpreter {
    typealias TextMethod =
        @Sendable (
            Jinja.Interpreter, Jinja.Text, Jinja.Arguments
        ) throws -> Value

    /// Whether a value of this type has that method. Those that would change it are left out, as
    /// in Jinja's immutable sandbox.
    static func hasMethod(_ name: String, _ value: Value) -> Bool {
        switch value {
        case .string: textMethods[name] != nil
        case .dictionary: ["get", "keys", "values", "items", "copy"].contains(name)
        case .sequence(let sequence):
            switch sequence.kind {
            case .list: ["index", "count", "copy"].contains(name)
            case .tuple, .group, .range: ["index", "count"].contains(name)
            case .view: false
            }
        case .float: name == "is_integer"
        default: false
        }
    }

    func call(
        method name: String, of receiver: Value, _ arguments: Jinja.Arguments
    ) throws -> Value {
        switch receiver {
        case .string(let text):
            guard let method = Self.textMethods[name] else { break }
            try budget.spend(bytes: text.utf8.count)
            return try method(self, text, arguments)
        case .dictionary(let dictionary): return try call(name, of: dictionary, arguments)
        case .sequence(let sequence): return try call(name, of: sequence, arguments)
        case .float(let number): return .bool(number.rounded() == number)
        default: break
        }
        throw Failure("'\(receiver.typeName) object' has no attribute '\(name)'")
    }

    private func call(
        _ name: String, of dictionary: Jinja.Dictionary, _ arguments: Jinja.Arguments
    ) throws -> Value {
        if name == "get" {
            let bound = try arguments.bound("get", "key", "default")
            guard let key = bound[0] else { throw Failure("get() needs a key") }
            return try dictionary[Jinja.Key(key)] ?? bound[1] ?? .null
        }
        _ = try arguments.exactly(0, for: name)
        try budget.spend(dictionary.members.count)
        let members = dictionary.members
        switch name {
        case "keys": return try view("dict_keys", members.map(\.key))
        case "values": return try view("dict_values", members.map(\.value))
        case "items": return try view("dict_items", pairs(of: dictionary))
        default: return .dictionary(dictionary)
        }
    }

    private func view(_ name: String, _ elements: [Value]) throws -> Value {
        .sequence(try Jinja.Sequence(.view(name), elements))
    }

    private func call(
        _ name: String, of sequence: Jinja.Sequence, _ arguments: Jinja.Arguments
    ) throws -> Value {
        if name == "copy" { return .sequence(sequence) }
        let element = try arguments.exactly(1, for: name)[0]
        if name == "count" {
            return .int(
                try sequence.elements.reduce(0) { try $0 + ($1.equals(element, budget) ? 1 : 0) })
        }
        guard
            let index = try sequence.elements.firstIndex(where: { try $0.equals(element, budget) })
        else { throw Failure("\(try element.representation(budget).string) is not in the list") }
        return .int(index)
    }
}
