/// A nondeterministic automaton over bytes, with steps that hold only at the beginning or the end of
/// the text.
struct NFA: ByteGraph {
    enum Condition {
        case none, atStart, atEnd
    }

    private struct Edge {
        var low, high: UInt8
        var to: Int32
    }

    private var edges: [[Edge]] = []
    private var jumps: [[(to: Int32, condition: Condition)]] = []
    private let budget: Budget

    init(_ budget: Budget) { self.budget = budget }

    mutating func addNode() throws(GrammarError) -> Int32 {
        try budget.spend(4)
        edges.append([])
        jumps.append([])
        return Int32(edges.count - 1)
    }

    mutating func addEdge(
        _ from: Int32, _ bytes: ClosedRange<UInt8>, _ to: Int32
    ) throws(GrammarError) {
        try budget.spend(1)
        edges[Int(from)].append(Edge(low: bytes.lowerBound, high: bytes.upperBound, to: to))
    }

    mutating func addJump(_ from: Int32, _ to: Int32) throws(GrammarError) {
        try addJump(from, to, .none)
    }

    mutating func addJump(
        _ from: Int32, _ to: Int32, _ condition: Condition
    ) throws(GrammarError) {
        try budget.spend(1)
        jumps[Int(from)].append((to, condition))
    }

    mutating func add(_ automaton: DFA, from: Int32, to: Int32) throws(GrammarError) {
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

    /// The texts that lead from one node to another.
    func determinized(from start: Int32, to end: Int32) throws(GrammarError) -> DFA {
        var mark = [Int32](repeating: 0, count: edges.count)
        var epoch: Int32 = 0
        func closure(_ nodes: [Int32], _ conditions: Set<NFA.Condition>) -> [Int32] {
            epoch += 1
            var found: [Int32] = []
            var work = nodes
            while let node = work.popLast() {
                guard mark[Int(node)] != epoch else { continue }
                mark[Int(node)] = epoch
                found.append(node)
                for jump in jumps[Int(node)] where conditions.contains(jump.condition) {
                    work.append(jump.to)
                }
            }
            return found.sorted()
        }
        var spent: GrammarError?
        func charge(_ units: Int) -> Bool {
            do {
                try budget.spend(units)
                return true
            } catch {
                spent = error
                return false
            }
        }
        // The beginning has its own state: conditions at the start hold only there.
        struct Places: Hashable {
            var nodes: [Int32]
            var isStart: Bool
        }
        let first = Places(nodes: closure([start], [.none, .atStart]), isStart: true)
        let automaton = try DFA.exploring(
            first, over: edges.flatMap { $0.map { $0.low...$0.high } }, budget,
            accepts: { places in
                let conditions: Set<NFA.Condition> =
                    places.isStart ? [.none, .atStart, .atEnd] : [.none, .atEnd]
                return closure(places.nodes, conditions).contains(end)
            },
            next: { places, byte in
                guard charge(10 + places.nodes.count) else { return nil }
                var moved: [Int32] = []
                for node in places.nodes {
                    for edge in edges[Int(node)] where edge.low <= byte && byte <= edge.high {
                        moved.append(edge.to)
                    }
                }
                return moved.isEmpty
                    ? nil : Places(nodes: closure(moved, [.none]), isStart: false)
            })
        if let spent { throw spent }
        return automaton
    }
}
