extension Jinja.Interpreter {
    /// `value|tojson`: Python's `json.dumps`, without HTML escapes and with `ensure_ascii` off.
    func json(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound(
            "tojson", "ensure_ascii", "indent", "separators", "sort_keys")
        var style = JSONStyle()
        style.escapesUnicode = bound[0]?.isTrue ?? false
        style.sortsKeys = bound[3]?.isTrue ?? false
        if let indent = try indent(bound[1]) {
            style.indent = indent
            style.itemSeparator = ","
        }
        if case .sequence(let separators) = bound[2], separators.elements.count == 2 {
            style.itemSeparator = try text(of: separators.elements[0])
            style.keySeparator = try text(of: separators.elements[1])
        }
        var writer = JSONWriter(style: style)
        try write(value, with: &writer)
        try budget.spend(bytes: writer.text.utf8.count)
        return .string(writer.text)
    }

    private func indent(_ value: Value?) throws -> String? {
        switch value {
        case nil, .null: return nil
        case .string(let indent): return indent
        case let value?:
            guard let width = value.integer else {
                throw Failure("the indent of tojson is a number or a text")
            }
            try budget.spend(bytes: 1, times: width)
            return String(repeating: " ", count: max(0, width))
        }
    }

    private func write(_ value: Value, with writer: inout JSONWriter) throws {
        try budget.spend(bytes: 64 + writer.style.indentBytes)
        switch value {
        case .null: writer.write(raw: "null")
        case .bool(let value): writer.write(raw: value ? "true" : "false")
        case .int(let value): writer.write(raw: String(value))
        case .float(let value): writer.write(number: value)
        case .string(let text):
            try budget.spend(bytes: text.utf8.count)
            writer.write(string: text)
        case .dictionary(let dictionary): try write(dictionary, with: &writer)
        case .sequence(let sequence):
            switch sequence.kind {
            case .range, .view: throw notSerializable(value)
            default: try writer.writeList("[", sequence.elements, "]") { try write($1, with: &$0) }
            }
        default: throw notSerializable(value)
        }
    }

    private func notSerializable(_ value: Value) -> Failure {
        Failure("object of type \(value.typeName) is not JSON serializable")
    }

    private func write(_ dictionary: Jinja.Dictionary, with writer: inout JSONWriter) throws {
        var members = try dictionary.members.map { (key: try key($0.key), value: $0.value) }
        if writer.style.sortsKeys {
            members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        }
        try writer.writeList("{", members, "}") { writer, member in
            writer.write(key: member.key)
            try write(member.value, with: &writer)
        }
    }

    private func key(_ value: Value) throws -> String {
        switch value {
        case .string(let text): text
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .float(let value): value.pythonDescription
        default: throw Failure("the keys of a JSON object cannot be \(value.typeName)")
        }
    }
}

extension JSONStyle {
    fileprivate var indentBytes: Int { indent?.utf8.count ?? 0 }
}
