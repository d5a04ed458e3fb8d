import JSON

extension SchemaCompiler {
    mutating func add(
        _ rules: SchemaShape.ArrayRules, from: Int32, to: Int32
    ) throws(GrammarError) {
        var rules = rules
        let fixed = rules.groups.map(\.prefix.count).max() ?? 0
        // What a schema with `prefixItems` does not mention is left out, where that is allowed.
        if fixed > 0, rules.groups.allSatisfy({ $0.rest == nil }), !options.opensObjects {
            rules.most = min(rules.most ?? .max, max(fixed, rules.least))
        }
        if rules.most ?? .max <= 1 { rules.unique = nil }
        guard rules.least <= rules.most ?? .max else { return }
        if rules.contains.isEmpty {
            try addList(rules, fixed, from: from, to: to)
        } else {
            try addGrid(rules, fixed, from: from, to: to)
        }
    }

    private func terms(_ rules: SchemaShape.ArrayRules, at index: Int) -> [SchemaTerm] {
        rules.groups.compactMap { index < $0.prefix.count ? $0.prefix[index] : $0.rest }
    }

    /// An element; one of an array of unique ones is remembered.
    private mutating func addElement(
        _ terms: [SchemaTerm], _ rules: SchemaShape.ArrayRules, from: Int32, to: Int32
    ) throws(GrammarError) {
        guard let place = rules.unique else {
            let rule = try rule(for: Key(terms: terms))
            return try builder.addCall(from, rule, to, isolates: true)
        }
        let shapes = try expander.shapes(of: terms)
        guard shapes.isEmpty || shapes.contains(where: { !$0.kinds.isDisjoint(with: .scalar) })
        else {
            throw GrammarError(
                "is enforced only for null, booleans, numbers and strings; the elements are arrays "
                    + "or objects", at: .pointer(place))
        }
        let (begin, end) = (try builder.addNode(), try builder.addNode())
        builder.actions[begin] = .beginText
        builder.actions[end] = .endText
        try builder.addJump(from, begin)
        try builder.addCall(begin, try rule(for: Key(terms: terms, isDistinct: true)), end)
        try builder.addJump(end, to)
    }

    private mutating func addBrackets(
        _ rules: SchemaShape.ArrayRules, from: Int32, to: Int32
    ) throws(GrammarError) -> (first: Int32, last: Int32) {
        let opening = try addOpening(UInt8(ascii: "["), from: from)
        let last = try builder.addNode()
        guard rules.unique != nil else {
            try addClosing(UInt8(ascii: "]"), from: last, to: to)
            return (opening, last)
        }
        let (begin, end) = (try builder.addNode(), try builder.addNode())
        builder.actions[begin] = .beginDistinct
        builder.actions[end] = .endDistinct
        try builder.addJump(opening, begin)
        try builder.addJump(last, end)
        try addClosing(UInt8(ascii: "]"), from: end, to: to)
        // An action takes place on the way out of its node.
        let first = try builder.addNode()
        try builder.addJump(begin, first)
        return (first, last)
    }

    /// The elements of `prefixItems`, then those of `items`.
    private mutating func addList(
        _ rules: SchemaShape.ArrayRules, _ fixed: Int, from: Int32, to: Int32
    ) throws(GrammarError) {
        let most = rules.most ?? .max
        var (node, last) = try addBrackets(rules, from: from, to: to)
        if rules.least == 0 { try builder.addJump(node, last) }
        // Up to here each element has a place of its own; at least one, which no comma precedes.
        let single = min(most, max(fixed, 1))
        for index in 0..<single {
            let begin = index == 0 ? node : try addSeparator(from: node)
            let next = try builder.addNode()
            try addElement(terms(rules, at: index), rules, from: begin, to: next)
            if index + 1 >= rules.least { try builder.addJump(next, last) }
            node = next
        }
        guard most > single else { return }
        let more = terms(rules, at: max(fixed, single))
        let left = max(rules.least - single, 0)
        if most == .max, left <= 1 {
            let loop = try builder.addNode()
            try addElement(more, rules, from: try addSeparator(from: node), to: loop)
            try addElement(more, rules, from: try addSeparator(from: loop), to: loop)
            return try builder.addJump(loop, last)
        }
        let (start, end) = (try builder.addNode(), try builder.addNode())
        try addElement(more, rules, from: try addSeparator(from: start), to: end)
        let body = builder.addRule(from: start, to: end)
        let rest = most == .max ? Int.max : most - single
        guard left <= rest else { return }
        try builder.addRepeat(node, body, left...rest, last)
    }

    /// How many elements there are, and how many of them each `contains` has found.
    private struct Found: Hashable {
        var elements = 0
        var matches: [Int]
    }

    private mutating func addGrid(
        _ rules: SchemaShape.ArrayRules, _ fixed: Int, from: Int32, to: Int32
    ) throws(GrammarError) {
        let (first, last) = try addBrackets(rules, from: from, to: to)
        // Beyond these numbers, nothing changes.
        let mostElements = rules.most ?? max(fixed, rules.least, 1)
        let mostMatches = rules.contains.map { $0.most ?? $0.least }
        let start = Found(matches: rules.contains.map { _ in 0 })
        var nodes = [start: first]
        var work = [start]
        while let found = work.popLast() {
            try builder.budget.spend(10)
            let node = nodes[found]!
            let isEnough =
                found.elements >= rules.least
                && zip(found.matches, rules.contains).allSatisfy { $0 >= $1.least }
            if isEnough { try builder.addJump(node, last) }
            if let most = rules.most, found.elements == most { continue }
            let begin = found.elements == 0 ? node : try addSeparator(from: node)
            for choice in 0..<(1 << rules.contains.count) {
                var terms = terms(rules, at: found.elements)
                var next = found
                next.elements = min(found.elements + 1, mostElements)
                var isPossible = true
                for (index, contains) in rules.contains.enumerated() {
                    if choice >> index & 1 == 1 {
                        terms.append(contains.term)
                        isPossible = isPossible && found.matches[index] < contains.most ?? .max
                        next.matches[index] = min(found.matches[index] + 1, mostMatches[index])
                    } else if contains.most != nil {
                        terms.append(contains.term.opposite)
                    }
                }
                guard isPossible else { continue }
                if nodes[next] == nil {
                    nodes[next] = try builder.addNode()
                    work.append(next)
                }
                try addElement(terms, rules, from: begin, to: nodes[next]!)
            }
        }
    }
}
