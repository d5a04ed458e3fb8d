/// Turns regular expressions into automata.
enum RegexCompiler {
    /// The texts that an expression matches as a whole.
    static func language(of pattern: String, _ budget: Budget) throws(GrammarError) -> DFA {
        let syntax = try RegexParser.parse(pattern, budget)
        return try language(of: syntax, isSearched: false, as: .plain, budget)
    }

    /// The texts in which an expression matches some part, spelled as in a JSON string.
    static func contents(matching pattern: String, _ budget: Budget) throws(GrammarError) -> DFA {
        let syntax = try RegexParser.parse(pattern, budget)
        return try language(of: syntax, isSearched: true, as: .json, budget)
    }

    /// - Parameter isSearched: whether anything may stand before and after the match.
    static func language(
        of syntax: RegexSyntax, isSearched: Bool, as spelling: Spelling, _ budget: Budget
    ) throws(GrammarError) -> DFA {
        var graph = RegexGraph(NFA(budget), spelling, budget)
        let (start, end) = (try graph.nfa.addNode(), try graph.nfa.addNode())
        let entry = try graph.nfa.addNode()
        try graph.nfa.addJump(start, entry)
        if isSearched { try graph.addAnything(from: start, to: entry) }
        let options: [RegexSyntax] =
            if case .choice(let options) = syntax { options } else { [syntax] }
        for option in options {
            let parts: [RegexSyntax] =
                if case .sequence(let parts) = option { parts } else { [option] }
            try graph.add(whole: parts[...], from: entry, to: end, isSearched: isSearched)
        }
        return try graph.nfa.determinized(from: start, to: end)
    }
}

private struct RegexGraph {
    var nfa: NFA
    let spelling: Spelling
    let budget: Budget

    init(_ nfa: NFA, _ spelling: Spelling, _ budget: Budget) {
        (self.nfa, self.spelling, self.budget) = (nfa, spelling, budget)
    }

    mutating func addAnything(from: Int32, to: Int32) throws(GrammarError) {
        let loop = try nfa.addNode()
        try nfa.addJump(from, loop)
        try nfa.add(ScalarSet.all, as: spelling, from: loop, to: loop)
        try nfa.addJump(loop, to)
    }

    /// The parts of an expression up to its end, and up to the end of the text.
    mutating func add(
        whole parts: ArraySlice<RegexSyntax>, from: Int32, to: Int32, isSearched: Bool
    ) throws(GrammarError) {
        let place = parts.firstIndex { if case .ahead = $0 { true } else { false } }
        let before = try nfa.addNode()
        try add(sequence: parts[..<(place ?? parts.endIndex)], from: from, to: before)
        guard let place, case .ahead(let condition, let isNegative) = parts[place] else {
            try nfa.addJump(before, to)
            if isSearched { try addAnything(from: before, to: to) }
            return
        }
        let rest = RegexSyntax.sequence(Array(parts[(place + 1)...]))
        guard !rest.mentionsStart, !condition.mentionsStart else {
            throw GrammarError("'^' within or after a lookahead is not supported")
        }
        let rests = try language(of: rest, isSearched: isSearched)
        let conditions = try language(of: condition, isSearched: true)
        try nfa.add(
            isNegative
                ? try rests.subtracting(conditions, budget)
                : try rests.intersection(conditions, budget),
            from: before, to: to)
    }

    /// What matches from here on.
    private func language(
        of syntax: RegexSyntax, isSearched: Bool
    ) throws(GrammarError) -> DFA {
        var graph = RegexGraph(NFA(budget), spelling, budget)
        let (start, end) = (try graph.nfa.addNode(), try graph.nfa.addNode())
        let options: [RegexSyntax] =
            if case .choice(let options) = syntax { options } else { [syntax] }
        for option in options {
            let parts: [RegexSyntax] =
                if case .sequence(let parts) = option { parts } else { [option] }
            try graph.add(whole: parts[...], from: start, to: end, isSearched: isSearched)
        }
        return try graph.nfa.determinized(from: start, to: end)
    }

    private mutating func add(
        sequence parts: ArraySlice<RegexSyntax>, from: Int32, to: Int32
    ) throws(GrammarError) {
        var node = from
        for part in parts {
            let next = try nfa.addNode()
            try add(part, from: node, to: next)
            node = next
        }
        try nfa.addJump(node, to)
    }

    private mutating func add(
        _ syntax: RegexSyntax, from: Int32, to: Int32
    ) throws(GrammarError) {
        switch syntax {
        case .set(let set): try nfa.add(set, as: spelling, from: from, to: to)
        case .sequence(let parts): try add(sequence: parts[...], from: from, to: to)
        case .choice(let options): for option in options { try add(option, from: from, to: to) }
        case .repeated(let body, let least, let most):
            try add(body, least, most, from: from, to: to)
        case .start: try nfa.addJump(from, to, .atStart)
        case .end: try nfa.addJump(from, to, .atEnd)
        case .ahead:
            throw GrammarError(
                "a lookahead inside of a group is not supported; write it outside of groups")
        }
    }

    private mutating func add(
        _ body: RegexSyntax, _ least: Int, _ most: Int?, from: Int32, to: Int32
    ) throws(GrammarError) {
        var node = from
        for _ in 0..<least {
            let next = try nfa.addNode()
            try add(body, from: node, to: next)
            node = next
        }
        guard let most else {
            let loop = try nfa.addNode()
            try nfa.addJump(node, loop)
            try add(body, from: loop, to: loop)
            return try nfa.addJump(loop, to)
        }
        try nfa.addJump(node, to)
        for _ in least..<most {
            let next = try nfa.addNode()
            try add(body, from: node, to: next)
            node = next
            try nfa.addJump(node, to)
        }
    }
}
