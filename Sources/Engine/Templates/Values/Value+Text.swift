extension Jinja.Value {
    /// What `{{ value }}` prints: Python's `str(value)`.
    func text(_ budget: Jinja.Budget) throws -> String {
        switch self {
        case .undefined: return ""
        case .string(let value): return value
        default:
            var text = ""
            try write(to: &text, budget)
            return text
        }
    }

    /// Python's `repr(value)`, as elements are printed within lists.
    func representation(_ budget: Jinja.Budget) throws -> String {
        var text = ""
        try write(to: &text, budget)
        return text
    }

    private func write(to text: inout String, _ budget: Jinja.Budget) throws {
        try budget.spend(1)
        switch self {
        case .undefined: text += "Undefined"
        case .null: text += "None"
        case .bool(let value): text += value ? "True" : "False"
        case .int(let value): text += String(value)
        case .float(let value): text += value.pythonDescription
        case .string(let value):
            try budget.spend(bytes: value.utf8.count)
            text += value.pythonRepresentation
        case .sequence(let sequence): try Self.write(sequence, to: &text, budget)
        case .dictionary(let dictionary):
            text += "{"
            for (index, member) in dictionary.members.enumerated() {
                if index > 0 { text += ", " }
                try member.key.write(to: &text, budget)
                text += ": "
                try member.value.write(to: &text, budget)
            }
            text += "}"
        case .object(let object): text += object.text
        }
    }

    private static func write(
        _ sequence: Jinja.Sequence, to text: inout String, _ budget: Jinja.Budget
    ) throws {
        let (open, close): (String, String)
        switch sequence.kind {
        case .list: (open, close) = ("[", "]")
        case .tuple, .group: (open, close) = ("(", sequence.elements.count == 1 ? ",)" : ")")
        case .view(let name): (open, close) = ("\(name)([", "])")
        case .range(let written):
            text += written
            return
        }
        text += open
        for (index, element) in sequence.elements.enumerated() {
            if index > 0 { text += ", " }
            try element.write(to: &text, budget)
        }
        text += close
    }
}
