/// Collects the nodes of a `Network`: byte edges, jumps, and calls of rules.
struct NetworkBuilder: ByteGraph {
    struct Rule {
        var start: Int32
        /// The only node that accepts.
        var end: Int32
        /// What the source calls it; nil for one that the source does not name.
        var name: String?
    }

    struct EdgeRecord {
        var from: Int32
        var low, high: UInt8
        var to: Int32
        /// Part of a token's own spelling, which needs no tokens for its bytes.
        var isToken = false
    }

    struct CallRecord {
        var from, rule, to: Int32
        var isolates: Bool
    }

    struct RepeatRecord {
        var node, rule: Int32
        var least, most: Int32
        var next: Int32
    }

    var edges: [EdgeRecord] = []
    var jumps: [(from: Int32, to: Int32)] = []
    var calls: [CallRecord] = []
    var repeats: [RepeatRecord] = []
    var actions: [Int32: Network.Action] = [:]
    var rules: [Rule] = []
    private(set) var nodes: Int32 = 0
    var budget: Budget
    /// The rule of one character of a JSON string in any spelling.
    private(set) var character: Int32?

    init(_ budget: Budget) { self.budget = budget }

    mutating func addNode() throws(GrammarError) -> Int32 {
        try budget.spend(1)
        nodes += 1
        return nodes - 1
    }

    mutating func addEdge(
        _ from: Int32, _ bytes: ClosedRange<UInt8>, _ to: Int32
    ) throws(GrammarError) {
        try budget.spend(1)
        edges.append(
            EdgeRecord(from: from, low: bytes.lowerBound, high: bytes.upperBound, to: to))
    }

    /// Reads one certain token, whatever its text.
    mutating func addToken(_ from: Int32, _ token: Int32, _ to: Int32) throws(GrammarError) {
        let first = edges.count
        try add(TokenTrie.spelling(of: token), from: from, to: to)
        for index in first..<edges.count { edges[index].isToken = true }
    }

    mutating func addJump(_ from: Int32, _ to: Int32) throws(GrammarError) {
        try budget.spend(1)
        jumps.append((from, to))
    }

    /// Adds a rule without content.
    mutating func addRule(_ name: String? = nil) throws(GrammarError) -> Int32 {
        rules.append(Rule(start: try addNode(), end: try addNode(), name: name))
        return Int32(rules.count - 1)
    }

    /// Makes a rule of what leads from one node to another.
    mutating func addRule(from start: Int32, to end: Int32) -> Int32 {
        rules.append(Rule(start: start, end: end, name: nil))
        return Int32(rules.count - 1)
    }

    /// Reads what a rule accepts.
    ///
    /// - Parameter isolates: whether what the rule reads is no part of a text that an action of
    ///   `Network.Action` remembers.
    mutating func addCall(
        _ from: Int32, _ rule: Int32, _ to: Int32, isolates: Bool = false
    ) throws(GrammarError) {
        try budget.spend(1)
        calls.append(CallRecord(from: from, rule: rule, to: to, isolates: isolates))
    }

    /// Reads what a rule accepts, a number of times.
    ///
    /// - Parameter count: `Int.max` as upper bound is without limit.
    mutating func addRepeat(
        _ from: Int32, _ rule: Int32, _ count: ClosedRange<Int>, _ to: Int32
    ) throws(GrammarError) {
        let node = try addNode()
        try addJump(from, node)
        let unlimited = Int(Int32.max)
        repeats.append(
            RepeatRecord(
                node: node, rule: rule, least: Int32(min(count.lowerBound, unlimited - 1)),
                most: Int32(min(count.upperBound, unlimited)), next: to))
    }

    /// Copies the states of a DFA.
    mutating func add(_ automaton: DFA, from: Int32, to: Int32) throws(GrammarError) {
        guard !automaton.isEmpty else { return }
        var places: [Int32] = []
        for _ in 0..<automaton.count { places.append(try addNode()) }
        try addJump(from, places[0])
        for state in 0..<automaton.count {
            for (bytes, target) in automaton.edges(of: state) {
                try addEdge(places[state], bytes, places[target])
            }
            if automaton.accepts[state] { try addJump(places[state], to) }
        }
    }
}

extension NetworkBuilder {
    /// The rule of one character of a JSON string, plain or with any of JSON's escapes; halves of
    /// surrogate pairs only together.
    mutating func jsonCharacter() throws(GrammarError) -> Int32 {
        if let character { return character }
        let rule = try addRule()
        character = rule
        let (start, end) = (rules[Int(rule)].start, rules[Int(rule)].end)
        let plain = ScalarSet.all.subtracting(JSONSpelling.escaped)
        try add(sequences: plain.utf8, from: start, to: end)
        let escape = try addNode()
        try addEdge(start, 0x5C...0x5C, escape)
        for letter in "\"\\/bfnrt".utf8 { try addEdge(escape, letter...letter, end) }
        let unit = try addNode()
        try addEdge(escape, UInt8(ascii: "u")...UInt8(ascii: "u"), unit)
        // D800 to DBFF, then DC00 to DFFF; or any other unit.
        let second = try addNode()
        let afterD = try addNode()
        for digit in Self.hex where digit != "d" && digit != "D" {
            try addEdge(unit, digit, second)
        }
        for digit in Self.hex where digit == "d" || digit == "D" {
            try addEdge(unit, digit, afterD)
        }
        let third = try addNode()
        try addHex(from: second, to: third)
        for digit in "01234567" { try addEdge(afterD, digit, third) }
        let fourth = try addNode()
        try addHex(from: third, to: fourth)
        try addHex(from: fourth, to: end)
        try addLowHalf(after: afterD, to: end)
        return rule
    }

    private mutating func addLowHalf(after node: Int32, to end: Int32) throws(GrammarError) {
        var place = node
        func next() throws(GrammarError) -> Int32 { try addNode() }
        for step in ["89abAB", nil, nil, "\\", "u", "dD", "cdefCDEF", nil, nil] as [String?] {
            let target = try next()
            if let step {
                for character in step { try addEdge(place, character, target) }
            } else {
                try addHex(from: place, to: target)
            }
            place = target
        }
        try addJump(place, end)
    }

    private static let hex = "0123456789abcdefABCDEF"

    private mutating func addHex(from: Int32, to: Int32) throws(GrammarError) {
        try addEdge(from, UInt8(ascii: "0")...UInt8(ascii: "9"), to)
        try addEdge(from, UInt8(ascii: "a")...UInt8(ascii: "f"), to)
        try addEdge(from, UInt8(ascii: "A")...UInt8(ascii: "F"), to)
    }

    private mutating func addEdge(
        _ from: Int32, _ character: Character, _ to: Int32
    ) throws(GrammarError) {
        let byte = character.asciiValue ?? 0
        try addEdge(from, byte...byte, to)
    }
}
