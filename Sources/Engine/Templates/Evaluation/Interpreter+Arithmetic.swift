import Glibc

extension Jinja.Interpreter {
    typealias Value = Jinja.Value
    typealias Failure = Jinja.Failure

    func calculate(
        _ left: Value, _ sign: Jinja.BinaryOperator, _ right: Value
    ) throws -> Value {
        if let left = left.integer, let right = right.integer {
            return try calculate(left, sign, right)
        }
        if let left = left.number, let right = right.number {
            return .float(try calculate(left, sign, right))
        }
        switch (sign, left, right) {
        case (_, .undefined(let problem), _), (_, _, .undefined(let problem)):
            throw Failure(problem)
        case (.add, .string(let left), .string(let right)):
            try budget.spend(bytes: left.utf8.count + right.utf8.count)
            try budget.spend(left.runs + right.runs)
            return .string(left + right)
        case (.add, .sequence(let left), .sequence(let right)):
            if let sum = try joined(left, right) { return sum }
        case (.multiply, .string(let text), _) where right.integer != nil:
            return try repeated(text, right.integer ?? 0)
        case (.multiply, _, .string(let text)) where left.integer != nil:
            return try repeated(text, left.integer ?? 0)
        case (.multiply, .sequence(let sequence), _) where right.integer != nil:
            return try repeated(sequence, right.integer ?? 0)
        case (.remainder, .string(let format), _):
            return .string(try formatted(format, percent: right))
        default: break
        }
        throw Failure(
            "unsupported operand types for \(sign.rawValue): "
                + "'\(left.typeName)' and '\(right.typeName)'")
    }

    private func joined(_ left: Jinja.Sequence, _ right: Jinja.Sequence) throws -> Value? {
        try budget.spend(left.elements.count + right.elements.count)
        if left.isTuple, right.isTuple { return try .tuple(left.elements + right.elements) }
        guard case .list = left.kind, case .list = right.kind else { return nil }
        return try .list(left.elements + right.elements)
    }

    private func repeated(_ text: Jinja.Text, _ count: Int) throws -> Value {
        try budget.spend(bytes: text.utf8.count + 64 * text.runs, times: count)
        guard text.runs > 0 else {
            let repetition = String(repeating: text.string, count: max(0, count))
            return .string(Jinja.Text(repetition, text.origin))
        }
        return .string(repeatElement(text, count: max(0, count)).joined(by: ""))
    }

    private func repeated(_ sequence: Jinja.Sequence, _ count: Int) throws -> Value {
        try budget.spend(bytes: sequence.elements.count * 64, times: count)
        let elements = Array(repeating: sequence.elements, count: max(0, count)).flatMap(\.self)
        return sequence.isTuple ? try .tuple(elements) : try .list(elements)
    }

    // MARK: - Numbers

    private func calculate(
        _ left: Int, _ sign: Jinja.BinaryOperator, _ right: Int
    ) throws -> Value {
        switch sign {
        case .add: return .int(try exact(left.addingReportingOverflow(right)))
        case .subtract: return .int(try exact(left.subtractingReportingOverflow(right)))
        case .multiply: return .int(try exact(left.multipliedReportingOverflow(by: right)))
        case .power:
            if right < 0 { return .float(try calculate(Double(left), .power, Double(right))) }
            return .int(try power(left, right))
        case .divide:
            if right == 0 { throw Failure("division by zero") }
            return .float(Double(left) / Double(right))
        case .divideFloor:
            if right == 0 { throw Failure("integer division or modulo by zero") }
            let (quotient, overflow) = left.dividedReportingOverflow(by: right)
            let isInexact = !overflow && left % right != 0
            return .int(
                try exact((quotient, overflow)) - (isInexact && (left < 0) != (right < 0) ? 1 : 0))
        case .remainder:
            if right == 0 { throw Failure("integer division or modulo by zero") }
            if right == -1 { return .int(0) }
            let remainder = left % right
            return .int(
                remainder != 0 && (remainder < 0) != (right < 0) ? remainder + right : remainder)
        }
    }

    private func exact(_ result: (partialValue: Int, overflow: Bool)) throws -> Int {
        if result.overflow { throw Failure("an integer needs more than 64 bits") }
        return result.partialValue
    }

    private func power(_ base: Int, _ exponent: Int) throws -> Int {
        if base == 0 || base == 1 { return exponent == 0 ? 1 : base }
        if base == -1 { return exponent % 2 == 0 ? 1 : -1 }
        if exponent > 64 { throw Failure("an integer needs more than 64 bits") }
        return try (0..<exponent).reduce(1) { product, _ in
            try exact(product.multipliedReportingOverflow(by: base))
        }
    }

    private func calculate(
        _ left: Double, _ sign: Jinja.BinaryOperator, _ right: Double
    ) throws -> Double {
        switch sign {
        case .add: return left + right
        case .subtract: return left - right
        case .multiply: return left * right
        case .power:
            if left == 0, right < 0 { throw Failure("0.0 cannot be raised to a negative power") }
            return pow(left, right)
        case .divide, .divideFloor, .remainder:
            if right == 0 { throw Failure("float division by zero") }
            if sign == .divide { return left / right }
            var remainder = fmod(left, right)
            if remainder != 0, (remainder < 0) != (right < 0) { remainder += right }
            return sign == .remainder ? remainder : ((left - remainder) / right).rounded()
        }
    }

    func negated(_ value: Value) throws -> Value {
        switch try numeric(value, sign: "-") {
        case .int(let value): .int(try exact((0).subtractingReportingOverflow(value)))
        case .float(let value): .float(-value)
        default: value
        }
    }

    /// The value, if it is a number; booleans become 0 and 1.
    func numeric(_ value: Value, sign: String) throws -> Value {
        if let integer = value.integer { return .int(integer) }
        if case .float = value { return value }
        if case .undefined(let problem) = value { throw Failure(problem) }
        throw Failure("bad operand type for unary \(sign): '\(value.typeName)'")
    }
}
