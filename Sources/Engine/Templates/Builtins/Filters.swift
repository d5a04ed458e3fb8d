extension Jinja.Interpreter {
    typealias Filter = @Sendable (Jinja.Interpreter, Value, Jinja.Arguments) throws -> Value
    typealias Filters = [String: Filter]

    /// What stands behind `|`.
    static let filters: Filters =
        valueFilters.merging(textFilters) { $1 }.merging(sequenceFilters) { $1 }
        .merging(selectionFilters) { $1 }.merging(markupFilters) { $1 }
        .merging(printingFilters) { $1 }

    private static let valueFilters: Filters = [
        "default": { try $0.standard($1, $2) },
        "d": { try $0.standard($1, $2) },
        "attr": { interpreter, value, arguments in
            let name = try interpreter.text(of: arguments.exactly(1, for: "attr")[0])
            return try interpreter.ownAttribute(name.string, of: value)
        },
        "tojson": { try $0.json($1, $2) },
        "items": { interpreter, value, _ in try interpreter.items(of: value) },
        "dictsort": { try $0.sortedItems(of: $1, $2) },
        "abs": { interpreter, value, _ in try interpreter.magnitude(of: value) },
        "int": { try $0.integer($1, $2) },
        "float": { try $0.float($1, $2) },
        "round": { try $0.rounded($1, $2) },
        "string": { interpreter, value, _ in .string(try interpreter.text(of: value)) },
        "length": { interpreter, value, _ in .int(try value.count(interpreter.budget)) },
        "count": { interpreter, value, _ in .int(try value.count(interpreter.budget)) },
    ]

    private func standard(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound("default", "default_value", "boolean")
        let isMissing = value.isUndefined || (bound[1]?.isTrue == true && !value.isTrue)
        return isMissing ? bound[0] ?? .string("") : value
    }

    /// `value|attr('name')`, which finds methods and attributes but not keys.
    private func ownAttribute(_ name: String, of value: Value) throws -> Value {
        if case .dictionary = value, !Self.hasMethod(name, value) {
            return .undefined("'dict object' has no attribute '\(name)'")
        }
        return try attribute(name, of: value)
    }

    // MARK: - Mappings

    private func items(of value: Value) throws -> Value {
        switch value {
        case .undefined: return .object(try Jinja.Generator([]))
        case .dictionary(let dictionary):
            return .object(try Jinja.Generator(pairs(of: dictionary)))
        default: throw Failure("items needs a mapping, found \(value.typeName)")
        }
    }

    func pairs(of dictionary: Jinja.Dictionary) throws -> [Value] {
        try budget.spend(dictionary.members.count)
        return try dictionary.members.map { try .tuple([$0.key, $0.value]) }
    }

    private func sortedItems(of value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound("dictsort", "case_sensitive", "by", "reverse")
        guard case .dictionary(let dictionary) = value else {
            throw Failure("dictsort needs a mapping, found \(value.typeName)")
        }
        let by = try bound[1].map(text(of:))?.string ?? "key"
        guard by == "key" || by == "value" else {
            throw Failure("dictsort sorts by \"key\" or \"value\"")
        }
        let pairs = try pairs(of: dictionary)
        let keys = try dictionary.members.map { member in
            try folded(by == "key" ? member.key : member.value, bound[0]?.isTrue ?? false)
        }
        return try .list(sorted(pairs, by: keys, descending: bound[2]?.isTrue ?? false))
    }

    /// The value that case-insensitive filters compare.
    func folded(_ value: Value, _ isCaseSensitive: Bool) throws -> Value {
        guard !isCaseSensitive, case .string(let text) = value else { return value }
        try budget.spend(bytes: text.utf8.count)
        return .string(text.rewritten { $0.lowercased() })
    }

    /// Sorts by keys, given in the order of the elements; equal ones keep their order, even when
    /// descending.
    func sorted(_ elements: [Value], by keys: [Value], descending: Bool) throws -> [Value] {
        let order = try elements.indices.sorted { left, right in
            let (first, second) = descending ? (right, left) : (left, right)
            if try keys[first].isLess(than: keys[second], budget) { return true }
            return try !keys[second].isLess(than: keys[first], budget) && left < right
        }
        return order.map { elements[$0] }
    }

    // MARK: - Numbers

    private func magnitude(of value: Value) throws -> Value {
        switch try numeric(value, sign: "abs") {
        case .int(let value): value < 0 ? try negated(.int(value)) : .int(value)
        case .float(let value): .float(value.magnitude)
        default: value
        }
    }

    private func integer(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound("int", "default", "base")
        let base = bound[1]?.integer ?? 10
        switch value {
        case .int, .bool: return .int(value.integer ?? 0)
        case .float(let number):
            return Int(exactly: number.rounded(.towardZero)).map(Value.int) ?? bound[0] ?? .int(0)
        case .string(let text):
            if let integer = text.string.pythonInteger(base: base) { return .int(integer) }
            if base == 10, let number = text.string.pythonFloat,
                let integer = Int(exactly: number.rounded(.towardZero))
            {
                return .int(integer)
            }
            return bound[0] ?? .int(0)
        default: return bound[0] ?? .int(0)
        }
    }

    private func float(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let standard = try arguments.bound("float", "default")[0] ?? .float(0)
        if let number = value.number { return .float(number) }
        guard case .string(let text) = value, let number = text.string.pythonFloat else {
            return standard
        }
        return .float(number)
    }

    private func rounded(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound("round", "precision", "method")
        let precision = bound[0]?.integer ?? 0
        let number = try numeric(value, sign: "round")
        guard -300...300 ~= precision, let double = number.number else {
            throw Failure("round takes a precision between -300 and 300")
        }
        switch try bound[1].map(text(of:))?.string ?? "common" {
        case "common":
            if case .int = number, precision >= 0 { return number }
            return .float(double.rounded(toDecimals: precision))
        case "ceil": return .float((double * pow10(precision)).rounded(.up) / pow10(precision))
        case "floor": return .float((double * pow10(precision)).rounded(.down) / pow10(precision))
        default: throw Failure("the method of round is common, ceil or floor")
        }
    }

    private func pow10(_ exponent: Int) -> Double { Double("1e\(exponent)") ?? 1 }
}
