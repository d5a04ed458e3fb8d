import JSON

/// Turns JSON Schemas into rules of a network: one rule for each set of schemas that a value must satisfy
/// together, so that recursive schemas become recursive rules.
struct SchemaCompiler {
    /// A value's rule is found by this.
    struct Key: Hashable {
        var terms: [SchemaTerm]
        /// Every value is written in only one way.
        var isDistinct = false
    }

    var builder: NetworkBuilder
    var expander: SchemaExpander
    let options: SchemaOptions
    /// The first part that no value satisfies.
    private(set) var contradiction: GrammarError?
    private var rules: [Key: Int32] = [:]
    private var pending: [Key] = []
    private var spaceRule: Int32?
    private var stringRule: Int32?
    /// The schema of any string.
    var stringTerm: SchemaTerm?

    init(_ builder: NetworkBuilder, _ schema: JSONValue, _ options: SchemaOptions)
        throws(GrammarError)
    {
        self.builder = builder
        self.options = options
        expander = SchemaExpander(try SchemaDocument(schema), builder.budget)
    }

    /// The rule of the whole schema.
    mutating func compile() throws(GrammarError) -> Int32 {
        guard let root = expander.document.node(at: "") else { return try builder.addRule() }
        let rule = try rule(for: Key(terms: [SchemaTerm(node: root)]))
        while let key = pending.popLast() { try fill(key) }
        return rule
    }

    /// The rule of values that satisfy some schemas; its content follows later.
    mutating func rule(for key: Key) throws(GrammarError) -> Int32 {
        var key = key
        key.terms = Set(key.terms.filter { !isTrivial($0) }).sorted {
            ($0.node, $0.isNegated ? 1 : 0) < ($1.node, $1.isNegated ? 1 : 0)
        }
        if let known = rules[key] { return known }
        let rule = try builder.addRule()
        rules[key] = rule
        pending.append(key)
        return rule
    }

    private func isTrivial(_ term: SchemaTerm) -> Bool {
        guard !term.isNegated else { return false }
        let json = expander.document.nodes[Int(term.node)].json
        return json == true || json.object?.isEmpty == true
    }

    private mutating func fill(_ key: Key) throws(GrammarError) {
        let bounds = builder.rules[Int(rules[key]!)]
        var shapes = try expander.shapes(of: key.terms)
        if key.isDistinct {
            for index in shapes.indices { shapes[index].kinds.formIntersection(.scalar) }
        }
        let place = key.terms.last.map { expander.document.nodes[Int($0.node)].pointer } ?? ""
        if shapes.allSatisfy(\.kinds.isEmpty), !isFalse(key) {
            note("is satisfied by no value: its keywords contradict each other", at: place)
        }
        for shape in shapes {
            try add(shape, isDistinct: key.isDistinct, from: bounds.start, to: bounds.end, place)
        }
    }

    private func isFalse(_ key: Key) -> Bool {
        key.terms.contains { expander.document.nodes[Int($0.node)].json == false }
    }

    mutating func note(_ reason: String, at pointer: String) {
        contradiction = contradiction ?? GrammarError(reason, at: .pointer(pointer))
    }

    private mutating func add(
        _ shape: SchemaShape, isDistinct: Bool, from: Int32, to: Int32, _ place: String
    ) throws(GrammarError) {
        let words: [(SchemaShape.Kinds, String)] = [
            (.null, "null"), (.true, "true"), (.false, "false"),
        ]
        for (kind, word) in words where shape.kinds.contains(kind) {
            try builder.add(Array(word.utf8), from: from, to: to)
        }
        if shape.kinds.contains(.number) {
            try add(numbers: shape, isDistinct: isDistinct, from: from, to: to, place)
        }
        if shape.kinds.contains(.string) {
            try add(strings: shape, isDistinct: isDistinct, from: from, to: to, place)
        }
        if shape.kinds.contains(.array) { try add(shape.array, from: from, to: to) }
        if shape.kinds.contains(.object) { try add(shape.object, from: from, to: to) }
    }

    // MARK: - Scalars

    private mutating func add(
        numbers shape: SchemaShape, isDistinct: Bool, from: Int32, to: Int32, _ place: String
    ) throws(GrammarError) {
        if shape.numbers.isEmpty, !isDistinct { return try addNumber(from: from, to: to) }
        let automaton = try NumberLanguage.automaton(
            shape.numbers, isDistinct: isDistinct, builder.budget)
        if automaton.isEmpty {
            let pointer = shape.numbers.last?.pointer ?? place
            note("is satisfied by no number that the other keywords allow", at: pointer)
        }
        try builder.add(automaton, from: from, to: to)
    }

    /// Any number, with up to 16 digits before and after the point, and up to two of the exponent.
    private mutating func addNumber(from: Int32, to: Int32) throws(GrammarError) {
        let first = try builder.addNode()
        try builder.addJump(from, first)
        try builder.addEdge(from, UInt8(ascii: "-")...UInt8(ascii: "-"), first)
        let (whole, fraction) = (try builder.addNode(), try builder.addNode())
        try builder.addEdge(first, UInt8(ascii: "0")...UInt8(ascii: "0"), whole)
        try addDigits(1...16, without0: true, from: first, to: whole)
        let point = try builder.addNode()
        try builder.addEdge(whole, UInt8(ascii: ".")...UInt8(ascii: "."), point)
        try addDigits(1...16, without0: false, from: point, to: fraction)
        try builder.addJump(whole, fraction)
        try builder.addJump(fraction, to)
        let (mark, sign) = (try builder.addNode(), try builder.addNode())
        for letter in "eE".utf8 { try builder.addEdge(fraction, letter...letter, mark) }
        for letter in "+-".utf8 { try builder.addEdge(mark, letter...letter, sign) }
        try builder.addJump(mark, sign)
        try addDigits(1...2, without0: false, from: sign, to: to)
    }

    private mutating func addDigits(
        _ count: ClosedRange<Int>, without0: Bool, from: Int32, to: Int32
    ) throws(GrammarError) {
        var node = from
        for place in 1...count.upperBound {
            let first: UInt8 = place == 1 && without0 ? 0x31 : 0x30
            let next = try builder.addNode()
            try builder.addEdge(node, first...0x39, next)
            if place >= count.lowerBound { try builder.addJump(next, to) }
            node = next
        }
    }

    private mutating func add(
        strings shape: SchemaShape, isDistinct: Bool, from: Int32, to: Int32, _ place: String
    ) throws(GrammarError) {
        if shape.strings.isEmpty, !isDistinct {
            return try builder.addCall(from, try anyString(), to)
        }
        let (open, close) = (try builder.addNode(), try builder.addNode())
        try builder.addEdge(from, 0x22...0x22, open)
        try builder.addEdge(close, 0x22...0x22, to)
        if !isDistinct, let range = lengthAlone(shape.strings) {
            return try builder.addRepeat(open, try builder.jsonCharacter(), range, close)
        }
        if shape.strings.count == 1, case .oneOf(let texts, true) = shape.strings[0].rule {
            let contents = texts.map { JSONSpelling.content(of: $0) }
            for end in try builder.add(oneOf: contents, from: open) {
                try builder.addJump(end.node, close)
            }
            return
        }
        let automaton = try StringLanguage.automaton(shape.strings, builder.budget)
        if automaton.isEmpty {
            let pointer = shape.strings.last?.pointer ?? place
            note("is satisfied by no string that the other keywords allow", at: pointer)
        }
        try builder.add(automaton, from: open, to: close)
    }

    /// What all rules say, if they only say something of the length.
    private func lengthAlone(
        _ rules: [SchemaShape.Placed<SchemaShape.StringRule>]
    ) -> ClosedRange<Int>? {
        var (least, most) = (0, Int.max)
        for placed in rules {
            guard case .length(let range) = placed.rule else { return nil }
            (least, most) = (max(least, range.lowerBound), min(most, range.upperBound))
        }
        return least <= most ? least...most : nil
    }

    private mutating func anyString() throws(GrammarError) -> Int32 {
        if let stringRule { return stringRule }
        let rule = try builder.addRule()
        stringRule = rule
        let bounds = builder.rules[Int(rule)]
        let (open, close) = (try builder.addNode(), try builder.addNode())
        try builder.addEdge(bounds.start, 0x22...0x22, open)
        try builder.addRepeat(open, try builder.jsonCharacter(), 0...Int.max, close)
        try builder.addEdge(close, 0x22...0x22, bounds.end)
        return rule
    }

    // MARK: - Space

    /// Adds the space that may stand between tokens: nothing, one blank, or a line break with up to
    /// twenty blanks or tabs.
    mutating func addSpace(from: Int32) throws(GrammarError) -> Int32 {
        let to = try builder.addNode()
        try builder.addCall(from, try space(), to)
        return to
    }

    private mutating func space() throws(GrammarError) -> Int32 {
        if let spaceRule { return spaceRule }
        let rule = try builder.addRule()
        spaceRule = rule
        let bounds = builder.rules[Int(rule)]
        try builder.addJump(bounds.start, bounds.end)
        try builder.addEdge(bounds.start, 0x20...0x20, bounds.end)
        var node = try builder.addNode()
        try builder.addEdge(bounds.start, 0x0A...0x0A, node)
        try builder.addJump(node, bounds.end)
        for _ in 0..<20 {
            let next = try builder.addNode()
            for blank in [0x09, 0x20] as [UInt8] { try builder.addEdge(node, blank...blank, next) }
            try builder.addJump(next, bounds.end)
            node = next
        }
        return rule
    }

    /// A comma and space.
    mutating func addSeparator(from: Int32) throws(GrammarError) -> Int32 {
        let comma = try builder.addNode()
        try builder.addEdge(from, 0x2C...0x2C, comma)
        return try addSpace(from: comma)
    }

    /// An opening bracket and space.
    mutating func addOpening(_ bracket: UInt8, from: Int32) throws(GrammarError) -> Int32 {
        let open = try builder.addNode()
        try builder.addEdge(from, bracket...bracket, open)
        return try addSpace(from: open)
    }

    /// Space and a closing bracket.
    mutating func addClosing(_ bracket: UInt8, from: Int32, to: Int32) throws(GrammarError) {
        try builder.addEdge(try addSpace(from: from), bracket...bracket, to)
    }
}

extension GrammarCompiler {
    mutating func rule(
        of schema: JSONValue, _ options: SchemaOptions
    ) throws(GrammarError) -> Int32 {
        var compiler = try SchemaCompiler(builder, schema, options)
        let rule = try compiler.compile()
        builder = compiler.builder
        contradiction = contradiction ?? compiler.contradiction
        return rule
    }
}
