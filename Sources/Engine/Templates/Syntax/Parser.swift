extension Jinja {
    /// Reads tokens into statements; the expressions are read in `Parser+Expressions.swift`.
    struct Parser {
        private let tokens: [Token]
        private var position = 0
        /// How many loops enclose this position, for `break` and `continue`.
        var loops = 0
        private var nesting = 0
        /// The names that the current macro reads.
        var namesRead: Set<String> = []

        init(_ source: String) throws(TemplateError) {
            tokens = try Lexer.tokens(of: source)
        }

        static func statements(of source: String) throws(TemplateError) -> [Statement] {
            var parser = try Parser(source)
            let statements = try parser.body(until: [])
            guard parser.current.kind == .end else { throw parser.unexpected("text or a tag") }
            return statements
        }

        // MARK: - Tokens

        var current: Token { tokens[position] }
        var following: Token { tokens[min(position + 1, tokens.count - 1)] }

        mutating func advance() { if position + 1 < tokens.count { position += 1 } }

        func error(_ problem: String) -> TemplateError { .syntax(problem, line: current.line) }

        func unexpected(_ expected: String) -> TemplateError {
            error("found \(current.description), expected \(expected)")
        }

        mutating func take(_ kind: Token.Kind) -> Bool {
            guard current.kind == kind else { return false }
            advance()
            return true
        }

        mutating func take(_ symbol: String) -> Bool { take(.symbol(symbol)) }

        mutating func expect(_ symbol: String) throws(TemplateError) {
            if !take(symbol) { throw unexpected("'\(symbol)'") }
        }

        mutating func expectName() throws(TemplateError) -> String {
            guard case .name(let name) = current.kind else { throw unexpected("a name") }
            advance()
            return name
        }

        /// Counts one level of nesting for the time of `body`.
        mutating func nested<Result>(
            _ body: (inout Parser) throws(TemplateError) -> Result
        ) throws(TemplateError) -> Result {
            nesting += 1
            defer { nesting -= 1 }
            guard nesting <= Limits.syntaxDepth else { throw tooDeep(current.line) }
            return try body(&self)
        }

        func tooDeep(_ line: Int) -> TemplateError {
            .limit("nested deeper than \(Limits.syntaxDepth) levels", line: line)
        }

        // MARK: - Statements

        /// The statements up to a block that starts with one of `ends`, whose name is current then.
        mutating func body(until ends: Set<String>) throws(TemplateError) -> [Statement] {
            try nested { (parser) throws(TemplateError) in
                var statements: [Statement] = []
                while let statement = try parser.statement(until: ends) {
                    statements.append(statement)
                }
                return statements
            }
        }

        private mutating func statement(
            until ends: Set<String>
        ) throws(TemplateError) -> Statement? {
            switch current.kind {
            case .text(let text):
                advance()
                return .text(text)
            case .outputBegin:
                advance()
                let value = try tuple()
                guard take(.outputEnd) else { throw unexpected("'}}'") }
                return .output(value)
            case .blockBegin:
                advance()
                if case .name(let name) = current.kind, ends.contains(name) { return nil }
                return try block()
            default:
                guard ends.isEmpty else {
                    throw unexpected("'{% \(ends.sorted().joined(separator: " %}' or '{% ")) %}'")
                }
                return nil
            }
        }

        private mutating func block() throws(TemplateError) -> Statement {
            guard case .name(let name) = current.kind else { throw unexpected("the name of a tag") }
            let line = current.line
            advance()
            let statement = try block(name, line: line)
            try endBlock()
            return statement
        }

        func unknownTag(_ name: String, line: Int) -> TemplateError {
            name.hasPrefix("end") || name == "else" || name == "elif"
                ? .syntax("'\(name)' without the tag that it belongs to", line: line)
                : .syntax("unknown tag '\(name)'", line: line)
        }

        mutating func endBlock() throws(TemplateError) {
            guard take(.blockEnd) else { throw unexpected("'%}'") }
        }

        /// The body of a block and its closing tag up to the `%}`, which the caller takes.
        mutating func body(closedBy end: String) throws(TemplateError) -> [Statement] {
            try endBlock()
            let statements = try body(until: [end])
            advance()
            return statements
        }
    }
}
