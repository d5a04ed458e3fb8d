/// The automaton that a grammar compiles to: a recursive transition network over bytes.
///
/// A node reads bytes by its edges and whole rules by its calls; a call pushes the node after it onto
/// a stack, and a rule's accepting node pops it. `Recognizer` makes deterministic states of it while it
/// reads. Every node that is left can still come to an end, so a text that has a next state can
/// always be completed.
struct Network: Sendable {
    struct Edge: Sendable {
        var low, high: UInt8
        var to: Int32
    }

    struct Call: Sendable {
        var rule, to: Int32
        var isolates: Bool
    }

    /// Reads a rule between `least` and `most` times; `Int32.max` is without limit.
    struct Repeat: Sendable {
        var rule: Int32
        var least, most: Int32
        var next: Int32

        /// The count after one more; without limit it stays at `least`, so that states recur.
        func count(after count: Int32) -> Int32 {
            most == .max ? min(count + 1, least) : count + 1
        }
    }

    /// What happens on the way through a node, for texts that must differ from each other.
    enum Action: UInt8, Sendable {
        case none
        /// No texts have been read yet.
        case beginDistinct
        /// The text begins.
        case beginText
        /// The text ends: it must not be one of the earlier ones, and is one from now on.
        case endText
        /// The texts are forgotten.
        case endDistinct
    }

    /// The rule that the whole text must match.
    let root: Int32
    let ruleStarts: [Int32]
    let isNullable: [Bool]
    let accepts: [Bool]
    /// The index of a node's repeat; -1 for none.
    let repeatOf: [Int32]
    let repeats: [Repeat]
    let actions: [Action]
    let hasActions: Bool
    /// The start of the rule of a JSON string's character, -1 for none.
    let characterStart: Int32
    /// Bytes that no edge tells apart have the same class.
    let classOf: [UInt8]
    let classCount: Int
    private let edgeStarts, jumpStarts, callStarts: [Int32]
    private let allEdges: [Edge]
    private let allJumps: [Int32]
    private let allCalls: [Call]

    func edges(of node: Int32) -> ArraySlice<Edge> {
        allEdges[Int(edgeStarts[Int(node)])..<Int(edgeStarts[Int(node) + 1])]
    }

    func jumps(of node: Int32) -> ArraySlice<Int32> {
        allJumps[Int(jumpStarts[Int(node)])..<Int(jumpStarts[Int(node) + 1])]
    }

    func calls(of node: Int32) -> ArraySlice<Call> {
        allCalls[Int(callStarts[Int(node)])..<Int(callStarts[Int(node) + 1])]
    }

    func hasEdges(_ node: Int32) -> Bool {
        edgeStarts[Int(node)] < edgeStarts[Int(node) + 1]
    }

    /// Bytes that some edge reads.
    var usedBytes: Set<UInt8> { Set(allEdges.flatMap { $0.low...$0.high }) }

    var nodeCount: Int { accepts.count }

    /// - Parameter only: the bytes that can be written; nil is all.
    /// - Returns: nil if no text matches the root.
    /// - Throws: `GrammarError` for a rule that calls itself before it has read anything.
    init?(
        _ source: NetworkBuilder, root: Int32, only writable: Set<UInt8>? = nil
    ) throws(GrammarError) {
        var builder = source
        try builder.budget.spend(Int(builder.nodes))
        if let writable { builder.keepEdges(within: writable) }
        builder.removeLeftRecursion()
        guard builder.removeDeadEnds(root: root) else { return nil }
        let nullable = builder.nullableRules()
        builder.turnTailCallsIntoJumps()
        try builder.refuseLeftRecursion(nullable)

        let count = Int(builder.nodes)
        self.root = root
        ruleStarts = builder.rules.map(\.start)
        isNullable = nullable
        var accepts = [Bool](repeating: false, count: count)
        for rule in builder.rules { accepts[Int(rule.end)] = true }
        self.accepts = accepts
        var repeatOf = [Int32](repeating: -1, count: count)
        for (index, record) in builder.repeats.enumerated() {
            repeatOf[Int(record.node)] = Int32(index)
        }
        self.repeatOf = repeatOf
        repeats = builder.repeats.map {
            let isEmpty = nullable[Int($0.rule)]
            return Repeat(
                rule: $0.rule, least: isEmpty ? 0 : $0.least, most: $0.most, next: $0.next)
        }
        var actions = [Action](repeating: .none, count: count)
        for (node, action) in builder.actions { actions[Int(node)] = action }
        self.actions = actions
        hasActions = !builder.actions.isEmpty
        characterStart = builder.character.map { builder.rules[Int($0)].start } ?? -1
        (edgeStarts, allEdges) = Self.grouped(builder.edges, count, by: \.from) {
            Edge(low: $0.low, high: $0.high, to: $0.to)
        }
        (jumpStarts, allJumps) = Self.grouped(builder.jumps, count, by: \.from) { $0.to }
        (callStarts, allCalls) = Self.grouped(builder.calls, count, by: \.from) {
            Call(rule: $0.rule, to: $0.to, isolates: $0.isolates)
        }
        (classOf, classCount) =
            hasActions
            ? (Array(0...255), 256) : ByteClasses.of(allEdges.map { $0.low...$0.high })
    }

    /// Sorts records by their node, keeping their order.
    private static func grouped<Record, Value>(
        _ records: [Record], _ count: Int, by node: (Record) -> Int32,
        _ value: (Record) -> Value
    ) -> (starts: [Int32], values: [Value]) {
        var starts = [Int32](repeating: 0, count: count + 1)
        for record in records { starts[Int(node(record)) + 1] += 1 }
        for index in 1..<max(starts.count, 1) { starts[index] += starts[index - 1] }
        var places = starts
        var order = [Int](repeating: 0, count: records.count)
        for (index, record) in records.enumerated() {
            order[Int(places[Int(node(record))])] = index
            places[Int(node(record))] += 1
        }
        return (starts, order.map { value(records[$0]) })
    }
}

/// Groups of bytes that an automaton does not tell apart.
enum ByteClasses {
    static func of(_ ranges: some Sequence<ClosedRange<UInt8>>) -> (of: [UInt8], count: Int) {
        var begins = [Bool](repeating: false, count: 257)
        for range in ranges {
            begins[Int(range.lowerBound)] = true
            begins[Int(range.upperBound) + 1] = true
        }
        var classOf = [UInt8](repeating: 0, count: 256)
        var current = 0
        for byte in 1..<256 {
            if begins[byte] { current += 1 }
            classOf[byte] = UInt8(current)
        }
        return (classOf, current + 1)
    }
}
