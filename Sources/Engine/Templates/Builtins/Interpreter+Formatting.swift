extension Jinja.Interpreter {
    // MARK: - Percent

    /// Python's `format % values`.
    func formatted(_ text: Jinja.Text, percent values: Value) throws -> Jinja.Text {
        var rest = Substring(text.string).unicodeScalars
        let literal = text.derivedOrigin
        var result = Jinja.TextBuilder()
        var queue: [Value]
        if case .sequence(let sequence) = values, sequence.isTuple {
            queue = sequence.elements.reversed()
        } else {
            queue = [values]
        }
        var usedMapping = false
        while let scalar = rest.popFirst() {
            guard scalar == "%" else {
                result.append(Jinja.Text(String(scalar), literal))
                continue
            }
            let key = try mappingKey(&rest)
            let spec = try Jinja.FormatSpec(percent: &rest, literal)
            if spec.type == "%" {
                result.append(Jinja.Text("%", literal))
                continue
            }
            var value: Value?
            if let key {
                usedMapping = true
                guard case .dictionary = values else { throw Failure("format requires a mapping") }
                value = try item(.string(Jinja.Text(key)), of: values)
            } else {
                value = queue.popLast()
            }
            guard let value else { throw Failure("not enough arguments for format string") }
            result.append(try percentField(value, spec))
            try budget.spend(bytes: result.string.utf8.count)
        }
        if case .dictionary = values { usedMapping = true }
        guard queue.isEmpty || usedMapping else {
            throw Failure("not all arguments converted during string formatting")
        }
        return result.text
    }

    /// The name in `%(name)s`.
    private func mappingKey(_ rest: inout Substring.UnicodeScalarView) throws -> String? {
        guard rest.first == "(" else { return nil }
        rest.removeFirst()
        let key = rest.prefix { $0 != ")" }
        rest = rest[key.endIndex...]
        guard rest.popFirst() != nil else { throw Failure("incomplete format key") }
        return String(key)
    }

    private func percentField(_ value: Value, _ spec: Jinja.FormatSpec) throws -> Jinja.Text {
        var spec = spec
        if spec.alignment == nil { spec.alignment = ">" }
        switch spec.type {
        case "s": return spec.text(try text(of: value))
        case "r", "a": return spec.text(try value.representation(budget))
        case "c":
            if let code = value.integer,
                let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init)
            {
                // A number has no origin, and this one can become any character.
                return spec.text(Jinja.Text(String(scalar), .request))
            }
            return spec.text(try string(value))
        case "d", "i", "u", "x", "X", "o":
            guard let number = value.number,
                let integer = value.integer ?? Int(exactly: number.rounded(.towardZero))
            else {
                throw Failure("a number is required for %\(spec.type!), found \(value.typeName)")
            }
            return try spec.integer(integer)
        case "f", "F", "e", "E", "g", "G":
            guard let number = value.number else {
                throw Failure("a number is required for %\(spec.type!), found \(value.typeName)")
            }
            return try spec.float(number)
        default:
            throw Failure("unsupported format character '\(spec.type.map { String($0) } ?? "")'")
        }
    }

    // MARK: - Braces

    /// Python's `format.format(…)`.
    func formatted(
        _ text: Jinja.Text, braces arguments: Jinja.Arguments
    ) throws -> Jinja.Text {
        var rest = Substring(text.string).unicodeScalars
        let literal = text.derivedOrigin
        var result = Jinja.TextBuilder()
        var automatic = 0
        while let scalar = rest.popFirst() {
            switch scalar {
            case "{" where rest.first != "{":
                result.append(try field(Self.field(&rest), literal, arguments, &automatic))
                try budget.spend(bytes: result.string.utf8.count)
            case "{", "}":
                guard rest.popFirst() == scalar else {
                    throw Failure("single '\(scalar)' encountered in format string")
                }
                result.append(Jinja.Text(String(scalar), literal))
            default: result.append(Jinja.Text(String(scalar), literal))
            }
        }
        return result.text
    }

    /// The inside of the braces, up to the one that closes them.
    private static func field(_ rest: inout Substring.UnicodeScalarView) throws -> String {
        let field = rest.prefix { $0 != "}" }
        rest = rest[field.endIndex...]
        guard rest.popFirst() != nil else { throw Failure("expected '}' before end of string") }
        guard !field.contains("{") else { throw Failure("nested format fields are not supported") }
        return String(field)
    }

    private func field(
        _ field: String, _ origin: Jinja.Text.Origin, _ arguments: Jinja.Arguments,
        _ automatic: inout Int
    ) throws -> Jinja.Text {
        let parts = field.unicodeScalars.split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let named = parts[0].split(separator: "!", maxSplits: 1, omittingEmptySubsequences: false)
        let value = try fieldValue(String(named[0]), arguments, &automatic)
        let spec = try Jinja.FormatSpec(parts.count > 1 ? String(parts[1]) : "", origin)
        if named.count > 1 {
            let isText = named[1].elementsEqual("s".unicodeScalars)
            return spec.text(try isText ? text(of: value) : value.representation(budget))
        }
        return try laidOut(value, spec)
    }

    /// The value of `name.attribute[key]`.
    private func fieldValue(
        _ path: String, _ arguments: Jinja.Arguments, _ automatic: inout Int
    ) throws -> Value {
        var rest = Substring(path).unicodeScalars
        let name = String(rest.prefix { $0 != "." && $0 != "[" })
        rest = rest.dropFirst(name.unicodeScalars.count)
        var value = try argument(name, arguments, &automatic)
        while let opening = rest.popFirst() {
            let isItem = opening == "["
            let step = String(rest.prefix { isItem ? $0 != "]" : $0 != "." && $0 != "[" })
            rest = rest.dropFirst(step.unicodeScalars.count + (isItem ? 1 : 0))
            value =
                isItem
                ? try item(Int(step).map(Value.int) ?? .string(Jinja.Text(step)), of: value)
                : try attribute(step, of: value)
        }
        return value
    }

    private func argument(
        _ name: String, _ arguments: Jinja.Arguments, _ automatic: inout Int
    ) throws -> Value {
        if name.isEmpty || Int(name) != nil {
            let index = Int(name) ?? automatic
            if name.isEmpty { automatic += 1 }
            guard arguments.positional.indices.contains(index) else {
                throw Failure("replacement index \(index) out of range for positional arguments")
            }
            return arguments.positional[index]
        }
        guard let argument = arguments.named.first(where: { $0.name.isSpelled(name) }) else {
            throw Failure("no argument '\(name)' for the format")
        }
        return argument.value
    }

    private func laidOut(_ value: Value, _ spec: Jinja.FormatSpec) throws -> Jinja.Text {
        switch value {
        case .int(let integer):
            if let type = spec.type, "eEfFgG%".unicodeScalars.contains(type) {
                return try spec.float(Double(integer))
            }
            return try spec.integer(integer)
        case .float(let number): return try spec.float(number)
        default: return spec.text(try text(of: value))
        }
    }
}
