import JSON

extension Jinja.Interpreter {
    /// `value|tojson`: Python's `json.dumps`, without HTML escapes and with `ensure_ascii` off.
    func json(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound(
            "tojson", "ensure_ascii", "indent", "separators", "sort_keys")
        var style = JSONStyle()
        style.escapesUnicode = bound[0]?.isTrue ?? false
        style.sortsKeys = bound[3]?.isTrue ?? false
        let layout = try layOut(&style, indent: bound[1], separators: bound[2])
        var writer = JSONWriter(style: style)
        var requested: [Range<Int>] = []
        try write(value, with: &writer, &requested)
        let text =
            if case .template = layout {
                Jinja.Text(writer.text, requested: requested)
            } else {
                Jinja.Text(writer.text, .request)
            }
        try budget.spend(for: text)
        return .string(text)
    }

    /// - Returns: the origin of the text between the values.
    private func layOut(
        _ style: inout JSONStyle, indent: Value?, separators: Value?
    ) throws -> Jinja.Text.Origin {
        var origins: [Jinja.Text.Origin] = []
        if let indent = try self.indent(indent) {
            (style.indent, style.itemSeparator) = (indent.string, ",")
            origins.append(indent.origin)
        }
        if case .sequence(let pair) = separators, pair.elements.count == 2 {
            let (item, key) = (try text(of: pair.elements[0]), try text(of: pair.elements[1]))
            (style.itemSeparator, style.keySeparator) = (item.string, key.string)
            origins += [item.origin, key.origin]
        }
        return Jinja.Text.derivedOrigin(origins)
    }

    private func indent(_ value: Value?) throws -> Jinja.Text? {
        switch value {
        case nil, .null: return nil
        case .string(let indent): return indent
        case let value?:
            guard let width = value.integer else {
                throw Failure("the indent of tojson is a number or a text")
            }
            try budget.spend(bytes: 1, times: width)
            return Jinja.Text(String(repeating: " ", count: max(0, width)))
        }
    }

    /// - Parameter requested: the ranges of the request's characters in the writer's text.
    private func write(
        _ value: Value, with writer: inout JSONWriter, _ requested: inout [Range<Int>]
    ) throws {
        try budget.spend(bytes: 64 + writer.style.indentBytes)
        switch value {
        case .null: writer.write(raw: "null")
        case .bool(let value): writer.write(raw: value ? "true" : "false")
        case .int(let value): writer.write(raw: String(value))
        case .float(let value): writer.write(number: value)
        case .string(let text):
            try budget.spend(bytes: text.utf8.count)
            writer.write(text, &requested)
        case .dictionary(let dictionary): try write(dictionary, with: &writer, &requested)
        case .sequence(let sequence):
            switch sequence.kind {
            case .range, .view: throw notSerializable(value)
            default:
                try writer.writeList("[", sequence.elements, "]") { writer, element in
                    try write(element, with: &writer, &requested)
                }
            }
        default: throw notSerializable(value)
        }
    }

    private func notSerializable(_ value: Value) -> Failure {
        Failure("object of type \(value.typeName) is not JSON serializable")
    }

    private func write(
        _ dictionary: Jinja.Dictionary, with writer: inout JSONWriter,
        _ requested: inout [Range<Int>]
    ) throws {
        var members = try dictionary.members.map { (key: try key($0.key), value: $0.value) }
        if writer.style.sortsKeys {
            members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        }
        try writer.writeList("{", members, "}") { writer, member in
            writer.write(member.key, &requested)
            writer.write(raw: writer.style.keySeparator)
            try write(member.value, with: &writer, &requested)
        }
    }

    private func key(_ value: Value) throws -> Jinja.Text {
        switch value {
        case .string(let text): text
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .int(let value): Jinja.Text(String(value))
        case .float(let value): Jinja.Text(value.pythonDescription)
        default: throw Failure("the keys of a JSON object cannot be \(value.typeName)")
        }
    }
}

extension JSONWriter {
    /// Writes a text in quotation marks, which belong to the template.
    fileprivate mutating func write(_ text: Jinja.Text, _ requested: inout [Range<Int>]) {
        let start = self.text.utf8.count + 1
        write(string: text.string)
        let end = self.text.utf8.count - 1
        if case .template = text.origin { return }
        if start < end { requested.append(start..<end) }
    }
}

extension JSONStyle {
    fileprivate var indentBytes: Int { indent?.utf8.count ?? 0 }
}
