/// From the loosest binding to the tightest: `a if b else c`, `or`, `and`, `not`, comparisons,
/// `+ -`, `~`, `* / // %`, `**`, signs, then attributes, items, calls, filters and tests.
extension Jinja.Parser {
    typealias Expression = Jinja.Expression

    func node(
        _ kind: Expression.Kind, _ line: Int, _ parts: [Expression]
    ) throws(TemplateError) -> Expression {
        let depth = 1 + (parts.lazy.map(\.depth).max() ?? 0)
        guard depth <= Jinja.Limits.syntaxDepth else { throw tooDeep(line) }
        return Expression(kind: kind, line: line, depth: depth)
    }

    mutating func expression(conditional: Bool = true) throws(TemplateError) -> Expression {
        try nested { (parser) throws(TemplateError) in
            conditional ? try parser.conditionalExpression() : try parser.or()
        }
    }

    private mutating func conditionalExpression() throws(TemplateError) -> Expression {
        var then = try or()
        while take(.name("if")) {
            let test = try or()
            let otherwise = take(.name("else")) ? try expression() : nil
            then = try node(
                .conditional(test: test, then: then, otherwise: otherwise), test.line,
                [test, then] + [otherwise].compactMap(\.self))
        }
        return then
    }

    private mutating func or() throws(TemplateError) -> Expression {
        var left = try and()
        while take(.name("or")) {
            let right = try and()
            left = try node(.or(left, right), left.line, [left, right])
        }
        return left
    }

    private mutating func and() throws(TemplateError) -> Expression {
        var left = try not()
        while take(.name("and")) {
            let right = try not()
            left = try node(.and(left, right), left.line, [left, right])
        }
        return left
    }

    private mutating func not() throws(TemplateError) -> Expression {
        let line = current.line
        guard take(.name("not")) else { return try comparison() }
        let operand = try nested { (parser) throws(TemplateError) in try parser.not() }
        return try node(.not(operand), line, [operand])
    }

    private mutating func comparison() throws(TemplateError) -> Expression {
        let left = try binary(.sums)
        var operands: [(Jinja.ComparisonOperator, Expression)] = []
        while let comparison = takeComparison() { operands.append((comparison, try binary(.sums))) }
        if operands.isEmpty { return left }
        return try node(.comparison(left, operands), left.line, [left] + operands.map(\.1))
    }

    private mutating func takeComparison() -> Jinja.ComparisonOperator? {
        switch current.kind {
        case .symbol(let symbol):
            guard let comparison = Jinja.ComparisonOperator(rawValue: symbol) else { return nil }
            advance()
            return comparison
        case .name("in"):
            advance()
            return .contained
        case .name("not") where following.kind == .name("in"):
            advance()
            advance()
            return .notContained
        default: return nil
        }
    }

    /// Operators that bind equally, from left to right.
    private enum Level {
        case sums, products, powers

        var operators: Set<Jinja.BinaryOperator> {
            switch self {
            case .sums: [.add, .subtract]
            case .products: [.multiply, .divide, .divideFloor, .remainder]
            case .powers: [.power]
            }
        }
    }

    private mutating func binary(_ level: Level) throws(TemplateError) -> Expression {
        var left = try operand(of: level)
        while case .symbol(let symbol) = current.kind,
            let sign = Jinja.BinaryOperator(rawValue: symbol), level.operators.contains(sign)
        {
            advance()
            let right = try operand(of: level)
            left = try node(.binary(sign, left, right), left.line, [left, right])
        }
        return left
    }

    private mutating func operand(of level: Level) throws(TemplateError) -> Expression {
        switch level {
        case .sums: try concatenation()
        case .products: try binary(.powers)
        case .powers: try unary()
        }
    }

    private mutating func concatenation() throws(TemplateError) -> Expression {
        var parts = [try binary(.products)]
        while take("~") { parts.append(try binary(.products)) }
        return parts.count == 1
            ? parts[0] : try node(.concatenation(parts), parts[0].line, parts)
    }

    private mutating func unary(filters: Bool = true) throws(TemplateError) -> Expression {
        let line = current.line
        let isNegative = take("-")
        var operand: Expression
        if isNegative || take("+") {
            let inner = try nested { (parser) throws(TemplateError) in
                try parser.unary(filters: false)
            }
            operand = try node(isNegative ? .negative(inner) : .positive(inner), line, [inner])
        } else {
            operand = try primary()
        }
        operand = try postfix(operand)
        return filters ? try filtersAndTests(operand) : operand
    }

    // MARK: - Primary expressions

    mutating func primary() throws(TemplateError) -> Expression {
        let token = current
        switch token.kind {
        case .name(let name):
            advance()
            namesRead.insert(name)
            return try node(
                Self.constants[name].map { .constant($0) } ?? .name(name), token.line, [])
        case .string: return try string()
        case .integer(let value):
            advance()
            return try node(.constant(.int(value)), token.line, [])
        case .float(let value):
            advance()
            return try node(.constant(.float(value)), token.line, [])
        case .symbol("("):
            advance()
            let inner = try tuple(parenthesized: true)
            try expect(")")
            return inner
        case .symbol("["): return try list()
        case .symbol("{"): return try dictionary()
        default: throw unexpected("an expression")
        }
    }

    private static var constants: [String: Jinja.Value] {
        [
            "true": .bool(true), "True": .bool(true), "false": .bool(false), "False": .bool(false),
            "none": .null, "None": .null,
        ]
    }

    /// Strings that follow each other are one.
    private mutating func string() throws(TemplateError) -> Expression {
        let line = current.line
        var text = ""
        while case .string(let part) = current.kind {
            text += part
            advance()
        }
        return try node(.constant(.string(Jinja.Text(text))), line, [])
    }

    /// One expression, or a tuple if commas follow.
    mutating func tuple(
        conditional: Bool = true, parenthesized: Bool = false, ending: String? = nil
    ) throws(TemplateError) -> Expression {
        let line = current.line
        var elements: [Expression] = []
        var isTuple = false
        while !endsTuple(ending) {
            elements.append(try expression(conditional: conditional))
            guard take(",") else { break }
            isTuple = true
        }
        if !isTuple, let only = elements.first { return only }
        guard isTuple || parenthesized else { throw unexpected("an expression") }
        return try node(.tuple(elements), line, elements)
    }

    private func endsTuple(_ ending: String?) -> Bool {
        switch current.kind {
        case .outputEnd, .blockEnd, .symbol(")"): true
        case .name(let name): name == ending
        default: false
        }
    }

    private mutating func list() throws(TemplateError) -> Expression {
        let line = current.line
        try expect("[")
        var elements: [Expression] = []
        while !take("]") {
            if !elements.isEmpty { try expect(",") }
            if take("]") { break }
            elements.append(try expression())
        }
        return try node(.list(elements), line, elements)
    }

    private mutating func dictionary() throws(TemplateError) -> Expression {
        let line = current.line
        try expect("{")
        var members: [(key: Expression, value: Expression)] = []
        while !take("}") {
            if !members.isEmpty { try expect(",") }
            if take("}") { break }
            let key = try expression()
            try expect(":")
            members.append((key, try expression()))
        }
        return try node(.dictionary(members), line, members.flatMap { [$0.key, $0.value] })
    }
}
