import JSON

extension Jinja.Value {
    /// What `{{ value }}` prints: Python's `str(value)`.
    func text(_ budget: Jinja.Budget) throws -> Jinja.Text {
        switch self {
        case .undefined: ""
        case .string(let value): value
        default: try representation(budget)
        }
    }

    /// Python's `repr(value)`, as elements are printed within lists.
    func representation(_ budget: Jinja.Budget) throws -> Jinja.Text {
        var builder = Jinja.TextBuilder()
        try write(to: &builder, budget)
        return builder.text
    }

    private func write(to text: inout Jinja.TextBuilder, _ budget: Jinja.Budget) throws {
        try budget.spend(1)
        switch self {
        case .undefined: text.append("Undefined")
        case .null: text.append("None")
        case .bool(let value): text.append(value ? "True" : "False")
        case .int(let value): text.append(Jinja.Text(String(value)))
        case .float(let value): text.append(Jinja.Text(value.pythonDescription))
        case .string(let value):
            try budget.spend(bytes: value.utf8.count)
            text.append(Jinja.Text(value.string.pythonRepresentation, value.derivedOrigin))
        case .sequence(let sequence): try Self.write(sequence, to: &text, budget)
        case .dictionary(let dictionary):
            text.append("{")
            for (index, member) in dictionary.members.enumerated() {
                if index > 0 { text.append(", ") }
                try member.key.write(to: &text, budget)
                text.append(": ")
                try member.value.write(to: &text, budget)
            }
            text.append("}")
        case .object(let object): text.append(Jinja.Text(object.text))
        }
    }

    private static func write(
        _ sequence: Jinja.Sequence, to text: inout Jinja.TextBuilder, _ budget: Jinja.Budget
    ) throws {
        let (open, close): (Jinja.Text, Jinja.Text)
        switch sequence.kind {
        case .list: (open, close) = ("[", "]")
        case .tuple, .group: (open, close) = ("(", sequence.elements.count == 1 ? ",)" : ")")
        case .view(let name): (open, close) = (Jinja.Text("\(name)(["), "])")
        case .range(let written):
            text.append(Jinja.Text(written))
            return
        }
        text.append(open)
        for (index, element) in sequence.elements.enumerated() {
            if index > 0 { text.append(", ") }
            try element.write(to: &text, budget)
        }
        text.append(close)
    }
}
