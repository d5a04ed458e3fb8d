extension Jinja.Parser {
    mutating func block(_ name: String, line: Int) throws(TemplateError) -> Jinja.Statement {
        switch name {
        case "if": try conditional()
        case "for": try loop(line: line)
        case "set": try assignment()
        case "macro": try macro()
        case "call": try callBlock()
        case "filter": try filterBlock()
        case "with": try with()
        case "generation": .scope(try body(closedBy: "endgeneration"))
        case "autoescape": try autoescape()
        case "block": try namedBlock()
        case "break", "continue": try loopControl(name, line: line)
        default: throw unknownTag(name, line: line)
        }
    }

    private mutating func conditional() throws(TemplateError) -> Jinja.Statement {
        var branches: [(test: Jinja.Expression, body: [Jinja.Statement])] = []
        while true {
            let test = try tuple(conditional: false)
            try endBlock()
            branches.append((test, try body(until: ["elif", "else", "endif"])))
            if take(.name("elif")) { continue }
            if take(.name("else")) {
                return .conditional(branches, otherwise: try body(closedBy: "endif"))
            }
            advance()
            return .conditional(branches, otherwise: [])
        }
    }

    private mutating func loop(line: Int) throws(TemplateError) -> Jinja.Statement {
        let target = try target(attributes: false)
        guard take(.name("in")) else { throw unexpected("'in'") }
        let sequence = try tuple(conditional: false, ending: "recursive")
        let test = take(.name("if")) ? try expression() : nil
        let isRecursive = take(.name("recursive"))
        try endBlock()
        loops += 1
        let statements = try body(until: ["else", "endfor"])
        loops -= 1
        let hasElse = take(.name("else"))
        if !hasElse { advance() }
        let otherwise = hasElse ? try body(closedBy: "endfor") : []
        return .loop(
            Jinja.For(
                target: target, sequence: sequence, test: test, isRecursive: isRecursive,
                body: statements, otherwise: otherwise, line: line))
    }

    private mutating func loopControl(
        _ name: String, line: Int
    ) throws(TemplateError) -> Jinja.Statement {
        guard loops > 0 else { throw .syntax("'\(name)' outside of a loop", line: line) }
        return name == "break" ? .breakLoop : .continueLoop
    }

    private mutating func assignment() throws(TemplateError) -> Jinja.Statement {
        let target = try target(attributes: true)
        if take("=") { return .assignment(target, try tuple()) }
        let filters = try filterCalls()
        return .blockAssignment(target, filters: filters, body: try body(closedBy: "endset"))
    }

    private mutating func filterBlock() throws(TemplateError) -> Jinja.Statement {
        let filters = [try namedCall()] + (try filterCalls())
        return .filterBlock(filters, body: try body(closedBy: "endfilter"))
    }

    private mutating func filterCalls() throws(TemplateError) -> [Jinja.NamedCall] {
        var calls: [Jinja.NamedCall] = []
        while take("|") { calls.append(try namedCall()) }
        return calls
    }

    private mutating func with() throws(TemplateError) -> Jinja.Statement {
        var assignments: [(target: Jinja.Target, value: Jinja.Expression)] = []
        while current.kind != .blockEnd {
            if !assignments.isEmpty { try expect(",") }
            let target = try target(attributes: false, tuples: false)
            try expect("=")
            assignments.append((target, try expression()))
        }
        return .with(assignments, body: try body(closedBy: "endwith"))
    }

    /// Nothing is ever escaped, so the setting is read and has no effect.
    private mutating func autoescape() throws(TemplateError) -> Jinja.Statement {
        _ = try expression()
        return .scope(try body(closedBy: "endautoescape"))
    }

    private mutating func namedBlock() throws(TemplateError) -> Jinja.Statement {
        let name = try expectName()
        let statement = Jinja.Statement.scope(try body(closedBy: "endblock"))
        _ = take(.name(name))
        return statement
    }

    // MARK: - Macros

    private mutating func macro() throws(TemplateError) -> Jinja.Statement {
        let name = try expectName()
        return .macro(
            try definition(name, parameters: try parameters(), closedBy: "endmacro"))
    }

    private mutating func callBlock() throws(TemplateError) -> Jinja.Statement {
        let parameters = current.kind == .symbol("(") ? try parameters() : []
        let call = try expression()
        guard case .call = call.kind else { throw error("'call' needs a call, as in 'call box()'") }
        return .callBlock(
            try definition("caller", parameters: parameters, closedBy: "endcall"),
            call: call)
    }

    private mutating func definition(
        _ name: String, parameters: [(name: String, standard: Jinja.Expression?)],
        closedBy end: String
    ) throws(TemplateError) -> Jinja.MacroDefinition {
        let outside = (loops, namesRead)
        (loops, namesRead) = (0, [])
        defer { (loops, namesRead) = outside }
        let body = try body(closedBy: end)
        return Jinja.MacroDefinition(
            name: name, parameters: parameters, body: body,
            takesMore: namesRead.contains("varargs"), takesMoreNamed: namesRead.contains("kwargs"))
    }

    private mutating func parameters() throws(TemplateError) -> [(
        name: String, standard: Jinja.Expression?
    )] {
        var parameters: [(name: String, standard: Jinja.Expression?)] = []
        try expect("(")
        while !take(")") {
            if !parameters.isEmpty { try expect(",") }
            let name = try expectName()
            if take("=") {
                parameters.append((name, try expression()))
            } else if let last = parameters.last, last.standard != nil {
                throw error("parameter '\(name)' without a default follows one that has one")
            } else {
                parameters.append((name, nil))
            }
        }
        return parameters
    }

    // MARK: - Targets

    private mutating func target(
        attributes: Bool, tuples: Bool = true
    ) throws(TemplateError) -> Jinja.Target {
        try nested { (parser) throws(TemplateError) in
            var targets = [try parser.singleTarget(attributes: attributes)]
            var isTuple = false
            while tuples, parser.take(",") {
                isTuple = true
                switch parser.current.kind {
                case .name("in"), .symbol("="), .symbol(")"), .blockEnd: break
                default: targets.append(try parser.singleTarget(attributes: attributes))
                }
            }
            return isTuple ? .tuple(targets) : targets[0]
        }
    }

    private mutating func singleTarget(attributes: Bool) throws(TemplateError) -> Jinja.Target {
        if take("(") {
            let inner = try target(attributes: attributes)
            try expect(")")
            return inner
        }
        let name = try expectName()
        if ["true", "false", "none", "True", "False", "None"].contains(name) {
            throw error("'\(name)' cannot be assigned to")
        }
        guard attributes, take(".") else { return .name(name) }
        return .attribute(of: name, try expectName())
    }
}
