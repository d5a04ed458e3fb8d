import JSON

extension SchemaCompiler {
    /// Names of members that the schema gives no name, and what holds of their values.
    private struct OtherMembers {
        /// Nil for any name at all.
        var names: DFA?
        var terms: [SchemaTerm]
    }

    mutating func add(
        _ rules: SchemaShape.ObjectRules, from: Int32, to: Int32
    ) throws(GrammarError) {
        var declared: [String] = []
        var seen: Set<ExactString> = []
        for name in rules.groups.flatMap({ $0.properties.map(\.name) }) + rules.required
        where seen.insert(ExactString(name)).inserted { declared.append(name) }
        let required = Set(rules.required.map(ExactString.init))
        let others = try otherMembers(rules, declared)
        let patterns = try patterns(of: rules)
        let names = try nameLanguage(rules.names)

        let most = rules.most ?? .max
        // Counts beyond this change nothing.
        let counted = rules.most ?? max(rules.least, 1)
        let needsDistinct = rules.least > required.count && !others.isEmpty
        var (node, last) = try addBrackets(isDistinct: needsDistinct, from: from, to: to)
        var states = [0: node]
        for name in declared {
            let content = JSONSpelling.content(of: name)
            let isAllowed = names.map { $0.contains(content) } ?? true
            let terms = terms(of: name, content, rules, patterns)
            var next: [Int: Int32] = [:]
            func state(_ count: Int) throws(GrammarError) -> Int32 {
                if let known = next[count] { return known }
                let node = try builder.addNode()
                next[count] = node
                return node
            }
            let isRequired = required.contains(ExactString(name))
            for (count, node) in states.sorted(by: { $0.key < $1.key }) {
                if !isRequired { try builder.addJump(node, try state(count)) }
                guard isAllowed, count < most else { continue }
                try builder.budget.spend(5)
                let begin = count == 0 ? node : try addSeparator(from: node)
                let key = try builder.addNode()
                try builder.add([0x22] + content + [0x22], from: begin, to: key)
                try addValue(
                    terms, after: key, to: try state(min(count + 1, counted)))
            }
            states = next
        }
        for (count, node) in states.sorted(by: { $0.key < $1.key }) where count >= rules.least {
            try builder.addJump(node, last)
        }
        guard !others.isEmpty else { return }
        for count in (states.keys.min() ?? 0)...max(counted, states.keys.max() ?? 0) {
            guard let node = states[count], count < most else { continue }
            let begin = count == 0 ? node : try addSeparator(from: node)
            let more = min(count + 1, counted)
            if states[more] == nil {
                states[more] = try builder.addNode()
                if more >= rules.least { try builder.addJump(states[more]!, last) }
            }
            for other in others {
                try addMember(other, needsDistinct, from: begin, to: states[more]!)
            }
        }
        node = last
    }

    private mutating func addBrackets(
        isDistinct: Bool, from: Int32, to: Int32
    ) throws(GrammarError) -> (first: Int32, last: Int32) {
        let opening = try addOpening(UInt8(ascii: "{"), from: from)
        let (first, last) = (try builder.addNode(), try builder.addNode())
        try addClosing(UInt8(ascii: "}"), from: last, to: to)
        guard isDistinct else {
            try builder.addJump(opening, first)
            return (first, last)
        }
        let (begin, end, inner) = (
            try builder.addNode(), try builder.addNode(), try builder.addNode()
        )
        builder.actions[begin] = .beginDistinct
        builder.actions[end] = .endDistinct
        try builder.addJump(opening, begin)
        try builder.addJump(begin, first)
        try builder.addJump(inner, end)
        try builder.addJump(end, last)
        return (first, inner)
    }

    private mutating func addValue(
        _ terms: [SchemaTerm], after key: Int32, to: Int32
    ) throws(GrammarError) {
        let colon = try builder.addNode()
        try builder.addEdge(key, UInt8(ascii: ":")...UInt8(ascii: ":"), colon)
        let begin = try builder.addNode()
        try builder.addJump(colon, begin)
        try builder.addEdge(colon, 0x20...0x20, begin)
        try builder.addCall(begin, try rule(for: Key(terms: terms)), to, isolates: true)
    }

    private mutating func addMember(
        _ member: OtherMembers, _ isDistinct: Bool, from: Int32, to: Int32
    ) throws(GrammarError) {
        let key = try builder.addNode()
        if !isDistinct, member.names == nil {
            try builder.addCall(from, try rule(for: Key(terms: [try anyStringTerm()])), key)
            return try addValue(member.terms, after: key, to: to)
        }
        let (open, close) = (try builder.addNode(), try builder.addNode())
        var (begin, end) = (open, close)
        if isDistinct {
            (begin, end) = (try builder.addNode(), try builder.addNode())
            builder.actions[begin] = .beginText
            builder.actions[end] = .endText
            try builder.addJump(open, begin)
            try builder.addJump(end, close)
        }
        try builder.addEdge(from, 0x22...0x22, open)
        let names = try existing(member.names)
        let (inner, after) = (try builder.addNode(), end)
        try builder.addJump(begin, inner)
        try builder.add(names, from: inner, to: after)
        try builder.addEdge(close, 0x22...0x22, key)
        try addValue(member.terms, after: key, to: to)
    }

    private mutating func anyStringTerm() throws(GrammarError) -> SchemaTerm {
        if let known = stringTerm { return known }
        let root = expander.document.node(at: "") ?? 0
        let term = SchemaTerm(
            node: expander.document.derived(from: root, ["type": "string"]))
        stringTerm = term
        return term
    }

    // MARK: - Names

    private struct Pattern {
        var group: Int
        var term: SchemaTerm
        var names: DFA
    }

    private func patterns(
        of rules: SchemaShape.ObjectRules
    ) throws(GrammarError) -> [Pattern] {
        var patterns: [Pattern] = []
        for (index, group) in rules.groups.enumerated() {
            for (pattern, term, pointer) in group.patterns {
                do throws(GrammarError) {
                    patterns.append(
                        Pattern(
                            group: index, term: term,
                            names: try RegexCompiler.contents(
                                matching: pattern, builder.budget)))
                } catch {
                    throw GrammarError(error.reason, at: .pointer(pointer))
                }
            }
        }
        return patterns
    }

    /// What holds of the value of a named member.
    private func terms(
        of name: String, _ content: [UInt8], _ rules: SchemaShape.ObjectRules,
        _ patterns: [Pattern]
    ) -> [SchemaTerm] {
        var terms: [SchemaTerm] = []
        for (index, group) in rules.groups.enumerated() {
            let exact = ExactString(name)
            let own =
                group.properties.filter { ExactString($0.name) == exact }.map(\.term)
                + patterns.filter { $0.group == index && $0.names.contains(content) }.map(\.term)
            terms += own
            if own.isEmpty, let others = group.others { terms.append(others) }
        }
        return terms
    }

    /// The names that `propertyNames` allows; nil for all.
    private mutating func nameLanguage(
        _ terms: [SchemaTerm]
    ) throws(GrammarError) -> DFA? {
        guard !terms.isEmpty else { return nil }
        var names: DFA?
        for shape in try expander.shapes(of: terms) where shape.kinds.contains(.string) {
            let some = try StringLanguage.automaton(shape.strings, builder.budget)
            if let known = names {
                names = try known.union(some, builder.budget)
            } else {
                names = some
            }
        }
        if let names { return names }
        return try StringLanguage.literals([], builder.budget)
    }

    /// - Parameter names: nil for any name.
    private func existing(_ names: DFA?) throws(GrammarError) -> DFA {
        if let names { return names }
        return try StringLanguage.anything(builder.budget)
    }

    /// The members beside the declared ones, by what holds of their values.
    private mutating func otherMembers(
        _ rules: SchemaShape.ObjectRules, _ declared: [String]
    ) throws(GrammarError) -> [OtherMembers] {
        let patterns = try patterns(of: rules)
        let saysNothing = rules.groups.allSatisfy { $0.others == nil }
        let isOpen =
            options.opensObjects || declared.isEmpty && patterns.isEmpty
            || rules.least > declared.count
        let isClosed =
            saysNothing && !isOpen
            || rules.groups.contains {
                $0.patterns.isEmpty
                    && $0.others.map {
                        expander.document.nodes[Int($0.node)].json == false
                            && !$0.isNegated
                    } ?? false
            }
        if isClosed, patterns.isEmpty { return [] }
        if let most = rules.most, most <= rules.required.count { return [] }
        var names = try nameLanguage(rules.names)
        if !declared.isEmpty || !patterns.isEmpty {
            let all = try existing(names)
            names = try all.subtracting(
                try StringLanguage.literals(declared, builder.budget), builder.budget)
        }
        var regions: [(names: DFA?, matched: [Pattern])] = [(names, [])]
        for pattern in patterns {
            var parts: [(names: DFA?, matched: [Pattern])] = []
            for (names, matched) in regions {
                guard let names else { continue }
                let inside = try names.intersection(pattern.names, builder.budget)
                if !inside.isEmpty { parts.append((inside, matched + [pattern])) }
                let outside = try names.subtracting(pattern.names, builder.budget)
                if !outside.isEmpty { parts.append((outside, matched)) }
            }
            regions = parts
        }
        return regions.compactMap { names, matched in
            if matched.isEmpty, isClosed || saysNothing && !isOpen { return nil }
            var terms = matched.map(\.term)
            for (index, group) in rules.groups.enumerated()
            where !matched.contains(where: { $0.group == index }) {
                if let others = group.others { terms.append(others) }
            }
            return OtherMembers(names: names, terms: terms)
        }
    }
}
