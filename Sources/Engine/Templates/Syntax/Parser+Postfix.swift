extension Jinja.Parser {
    /// Attributes, items, slices and calls after an expression.
    mutating func postfix(_ base: Expression) throws(TemplateError) -> Expression {
        var base = base
        while true {
            switch current.kind {
            case .symbol("."): base = try attribute(of: base)
            case .symbol("["): base = try itemOrSlice(base)
            case .symbol("("): base = try call(base)
            default: return base
            }
        }
    }

    mutating func filtersAndTests(_ base: Expression) throws(TemplateError) -> Expression {
        var base = base
        while true {
            let line = current.line
            switch current.kind {
            case .symbol("|"):
                advance()
                let call = try namedCall()
                base = try node(.filter(base, call), line, [base] + call.arguments.parts)
            case .name("is"): base = try test(base)
            case .symbol("("): base = try call(base)
            default: return base
            }
        }
    }

    private mutating func attribute(of base: Expression) throws(TemplateError) -> Expression {
        let line = current.line
        try expect(".")
        if case .integer(let index) = current.kind {
            advance()
            let index = try node(.constant(.int(index)), line, [])
            return try node(.item(base, index), line, [base, index])
        }
        return try node(.attribute(base, try expectName()), line, [base])
    }

    private mutating func itemOrSlice(_ base: Expression) throws(TemplateError) -> Expression {
        let line = current.line
        try expect("[")
        if let slice = try slice() {
            try expect("]")
            return try node(.slice(base, slice), line, [base] + slice.parts)
        }
        let index = try tuple()
        if current.kind == .symbol(":") { return try sliced(base, from: index, line) }
        try expect("]")
        return try node(.item(base, index), line, [base, index])
    }

    private mutating func sliced(
        _ base: Expression, from start: Expression, _ line: Int
    ) throws(TemplateError) -> Expression {
        var slice = try slice() ?? Jinja.Slice()
        slice.start = start
        try expect("]")
        return try node(.slice(base, slice), line, [base] + slice.parts)
    }

    /// The part of a slice from its first colon on; nil if there is no colon here.
    private mutating func slice() throws(TemplateError) -> Jinja.Slice? {
        guard take(":") else { return nil }
        var slice = Jinja.Slice()
        slice.stop = try sliceBound()
        if take(":") { slice.step = try sliceBound() }
        return slice
    }

    private mutating func sliceBound() throws(TemplateError) -> Expression? {
        current.kind == .symbol("]") || current.kind == .symbol(":") ? nil : try expression()
    }

    private mutating func call(_ base: Expression) throws(TemplateError) -> Expression {
        let line = current.line
        let arguments = try callArguments()
        return try node(.call(base, arguments), line, [base] + arguments.parts)
    }

    private mutating func callArguments() throws(TemplateError) -> Jinja.CallArguments {
        var arguments = Jinja.CallArguments()
        var isFirst = true
        try expect("(")
        while !take(")") {
            if !isFirst { try expect(",") }
            isFirst = false
            if take(")") { break }
            try argument(into: &arguments)
        }
        return arguments
    }

    private mutating func argument(
        into arguments: inout Jinja.CallArguments
    ) throws(TemplateError) {
        if take("*") {
            guard arguments.spread == nil else { throw error("a second '*' argument") }
            arguments.spread = try expression()
        } else if take("**") {
            guard arguments.spreadNamed == nil else { throw error("a second '**' argument") }
            arguments.spreadNamed = try expression()
        } else if case .name(let name) = current.kind, following.kind == .symbol("=") {
            advance()
            advance()
            arguments.named.append((name, try expression()))
        } else {
            guard arguments.named.isEmpty, arguments.spread == nil, arguments.spreadNamed == nil
            else { throw error("a positional argument behind a named one") }
            arguments.positional.append(try expression())
        }
    }

    /// The name and arguments of a filter: `replace(' ', '_')`.
    mutating func namedCall() throws(TemplateError) -> Jinja.NamedCall {
        let line = current.line
        let name = try expectName()
        let arguments =
            current.kind == .symbol("(") ? try callArguments() : Jinja.CallArguments()
        return Jinja.NamedCall(name: name, arguments: arguments, line: line)
    }

    /// `is name`, `is not name`, with arguments in parentheses or one without.
    private mutating func test(_ base: Expression) throws(TemplateError) -> Expression {
        let line = current.line
        advance()
        let isNegated = take(.name("not"))
        let name = try expectName()
        var arguments = Jinja.CallArguments()
        if current.kind == .symbol("(") {
            arguments = try callArguments()
        } else if startsTestArgument {
            arguments.positional = [try testArgument()]
        }
        let call = Jinja.NamedCall(name: name, arguments: arguments, line: line)
        let test = try node(.test(base, call), line, [base] + arguments.parts)
        return isNegated ? try node(.not(test), line, [test]) : test
    }

    private var startsTestArgument: Bool {
        switch current.kind {
        case .name(let name): !["else", "or", "and"].contains(name)
        case .string, .integer, .float, .symbol("["), .symbol("{"): true
        default: false
        }
    }

    private mutating func testArgument() throws(TemplateError) -> Expression {
        if current.kind == .name("is") { throw error("tests cannot be chained with 'is'") }
        return try nested { (parser) throws(TemplateError) in
            try parser.postfix(try parser.primary())
        }
    }
}
