import JSON

/// Turns expressions into rules of a network.
struct GrammarCompiler {
    var builder: NetworkBuilder
    /// Why a part that may have made all of it unsatisfiable is so.
    var contradiction: GrammarError?

    init() { builder = NetworkBuilder(Budget()) }

    mutating func rule(of expression: GrammarExpression) throws(GrammarError) -> Int32 {
        let rule = try builder.addRule()
        let bounds = builder.rules[Int(rule)]
        try add(expression, from: bounds.start, to: bounds.end)
        return rule
    }

    mutating func add(
        _ expression: GrammarExpression, from: Int32, to: Int32
    ) throws(GrammarError) {
        switch expression {
        case .literal(let text): try builder.add(Array(text.utf8), from: from, to: to)
        case .token(let token): try builder.addToken(from, token, to)
        case .sequence(let parts): try add(sequence: parts, from: from, to: to)
        case .choice(let options):
            for option in options { try add(option, from: from, to: to) }
        case .oneOf(let texts):
            for end in try builder.add(oneOf: texts.map { Array($0.utf8) }, from: from) {
                try builder.addJump(end.node, to)
            }
        case .repeated(let body, let count):
            try builder.addRepeat(from, try rule(of: body), count, to)
        case .regex(let pattern):
            try add(regex: pattern, from: from, to: to)
        case .gbnf(let text):
            try builder.addCall(from, try GBNFCompiler.rule(of: text, in: &builder), to)
        case .schema(let schema, let options):
            try builder.addCall(from, try rule(of: schema, options), to)
        case .textUntil(let ends, let tokens):
            try add(textUntil: ends, tokens, from: from, to: to)
        case .textWithout(let texts):
            let search = TextSearch(texts.map { Array($0.utf8) })
            let nodes = try add(search, from: from)
            for (state, node) in nodes.enumerated() where !search.isFound[state] {
                try builder.addJump(node, to)
            }
        }
    }

    private mutating func add(
        sequence parts: [GrammarExpression], from: Int32, to: Int32
    ) throws(GrammarError) {
        var node = from
        for (index, part) in parts.enumerated() {
            let next = index == parts.count - 1 ? to : try builder.addNode()
            try add(part, from: node, to: next)
            node = next
        }
        if parts.isEmpty { try builder.addJump(from, to) }
    }

    private mutating func add(
        textUntil ends: [String], _ tokens: [Int32], from: Int32, to: Int32
    ) throws(GrammarError) {
        let search = TextSearch(ends.map { Array($0.utf8) })
        let nodes = try add(search, from: from)
        for (state, node) in nodes.enumerated() {
            if search.isFound[state] {
                try builder.addJump(node, to)
            } else {
                for token in tokens { try builder.addToken(node, token, to) }
            }
        }
    }

    /// Adds the states of a search, which end where a text is found.
    private mutating func add(
        _ search: TextSearch, from: Int32
    ) throws(GrammarError) -> [Int32] {
        var nodes: [Int32] = []
        for _ in search.isFound.indices { nodes.append(try builder.addNode()) }
        try builder.addJump(from, nodes[0])
        for (state, isFound) in search.isFound.enumerated() where !isFound {
            for (bytes, next) in search.edges(of: state) {
                try builder.addEdge(nodes[state], bytes, nodes[next])
            }
        }
        return nodes
    }

    private mutating func add(
        regex pattern: String, from: Int32, to: Int32
    ) throws(GrammarError) {
        let automaton = try RegexCompiler.language(of: pattern, builder.budget)
        if automaton.isEmpty {
            contradiction =
                contradiction
                ?? GrammarError("the regular expression matches no text")
        }
        try builder.add(automaton, from: from, to: to)
    }
}
