extension NetworkBuilder {
    /// Rules of the form `premises ⇒ conclusion`, with one or two premises, about nodes.
    private struct Implications {
        private var premises: [(first: Int32, second: Int32, conclusion: Int32)] = []

        mutating func add(_ first: Int32, _ second: Int32? = nil, implies conclusion: Int32) {
            premises.append((first, second ?? -1, conclusion))
        }

        /// What follows from the facts.
        func holds(for facts: [Int32], of count: Int) -> [Bool] {
            var starts = [Int32](repeating: 0, count: count + 1)
            for clause in premises {
                starts[Int(clause.first) + 1] += 1
                if clause.second >= 0 { starts[Int(clause.second) + 1] += 1 }
            }
            for index in 1..<max(starts.count, 1) { starts[index] += starts[index - 1] }
            var places = starts
            var uses = [Int32](repeating: 0, count: Int(starts[count]))
            for (index, clause) in premises.enumerated() {
                for node in [clause.first, clause.second] where node >= 0 {
                    uses[Int(places[Int(node)])] = Int32(index)
                    places[Int(node)] += 1
                }
            }
            var holds = [Bool](repeating: false, count: count)
            var work = facts
            for fact in facts { holds[Int(fact)] = true }
            while let node = work.popLast() {
                for use in uses[Int(starts[Int(node)])..<Int(starts[Int(node) + 1])] {
                    let clause = premises[Int(use)]
                    guard !holds[Int(clause.conclusion)], holds[Int(clause.first)],
                        clause.second < 0 || holds[Int(clause.second)]
                    else { continue }
                    holds[Int(clause.conclusion)] = true
                    work.append(clause.conclusion)
                }
            }
            return holds
        }
    }

    /// Nodes from which the end of their rule can be reached; without `reads`, without a byte.
    private func ending(reads: Bool) -> [Bool] {
        var implications = Implications()
        if reads { for edge in edges { implications.add(edge.to, implies: edge.from) } }
        for jump in jumps { implications.add(jump.to, implies: jump.from) }
        for call in calls {
            implications.add(rules[Int(call.rule)].start, call.to, implies: call.from)
        }
        for record in repeats {
            let body = record.least == 0 ? nil : rules[Int(record.rule)].start
            implications.add(record.next, body, implies: record.node)
        }
        return implications.holds(for: rules.map(\.end), of: Int(nodes))
    }

    mutating func keepEdges(within bytes: Set<UInt8>) {
        edges = edges.flatMap { edge -> [EdgeRecord] in
            if edge.isToken { return [edge] }
            var parts: [EdgeRecord] = []
            for byte in edge.low...edge.high where bytes.contains(byte) {
                if let last = parts.last, last.high &+ 1 == byte {
                    parts[parts.count - 1].high = byte
                } else {
                    parts.append(
                        EdgeRecord(from: edge.from, low: byte, high: byte, to: edge.to))
                }
            }
            return parts
        }
    }

    /// Removes whatever no complete text passes through, and whatever the root does not reach.
    ///
    /// - Returns: false if nothing is left.
    mutating func removeDeadEnds(root: Int32) -> Bool {
        let ending = ending(reads: true)
        guard ending[Int(rules[Int(root)].start)] else { return false }
        let starts = rules.map(\.start)
        edges.removeAll { !ending[Int($0.to)] }
        jumps.removeAll { !ending[Int($0.to)] }
        calls.removeAll { !ending[Int($0.to)] || !ending[Int(starts[Int($0.rule)])] }
        // A rule that matches nothing is repeated no times.
        for index in repeats.indices where !ending[Int(starts[Int(repeats[index].rule)])] {
            repeats[index].most = 0
        }
        repeats.removeAll { !ending[Int($0.next)] || $0.most < $0.least }
        var implications = Implications()
        for edge in edges { implications.add(edge.from, implies: edge.to) }
        for jump in jumps { implications.add(jump.from, implies: jump.to) }
        for call in calls {
            implications.add(call.from, implies: call.to)
            implications.add(call.from, implies: starts[Int(call.rule)])
        }
        for record in repeats {
            implications.add(record.node, implies: record.next)
            implications.add(record.node, implies: starts[Int(record.rule)])
        }
        let reached = implications.holds(for: [starts[Int(root)]], of: Int(nodes))
        edges.removeAll { !reached[Int($0.from)] }
        jumps.removeAll { !reached[Int($0.from)] }
        calls.removeAll { !reached[Int($0.from)] }
        repeats.removeAll { !reached[Int($0.node)] }
        return true
    }

    func nullableRules() -> [Bool] {
        let ending = ending(reads: false)
        return rules.map { ending[Int($0.start)] }
    }

    /// A call after which its rule is at its end needs no place on the stack, so that right
    /// recursion does not let it grow.
    mutating func turnTailCallsIntoJumps() {
        var isEnd = [Bool](repeating: false, count: Int(nodes))
        for rule in rules { isEnd[Int(rule.end)] = true }
        for edge in edges { isEnd[Int(edge.from)] = false }
        for jump in jumps { isEnd[Int(jump.from)] = false }
        for call in calls { isEnd[Int(call.from)] = false }
        for record in repeats { isEnd[Int(record.node)] = false }
        for node in actions.keys { isEnd[Int(node)] = false }
        calls.removeAll { call in
            guard isEnd[Int(call.to)] else { return false }
            jumps.append((call.from, rules[Int(call.rule)].start))
            return true
        }
    }
}

// MARK: - Left recursion

extension NetworkBuilder {
    /// A rule that begins with itself, `e = e a | b`, becomes `e = b a*`.
    mutating func removeLeftRecursion() {
        var isEntered = [Bool](repeating: false, count: Int(nodes))
        for edge in edges { isEntered[Int(edge.to)] = true }
        for call in calls { isEntered[Int(call.to)] = true }
        for record in repeats { isEntered[Int(record.next)] = true }
        var next: [Int32: [Int32]] = [:]
        for jump in jumps { next[jump.from, default: []].append(jump.to) }
        var beginnings: [Int32: Set<Int32>] = [:]
        func beginning(of rule: Int32) -> Set<Int32> {
            if let known = beginnings[rule] { return known }
            var found: Set = [rules[Int(rule)].start]
            var work = [rules[Int(rule)].start]
            while let node = work.popLast() {
                for target in next[node] ?? [] where found.insert(target).inserted {
                    work.append(target)
                }
            }
            beginnings[rule] = found
            return found
        }
        let recursive = calls.indices.filter { index in
            let call = calls[index]
            guard rules[Int(call.rule)].name != nil, !isEntered[Int(call.from)] else {
                return false
            }
            return beginning(of: call.rule).contains(call.from)
        }
        for index in recursive.reversed() {
            let call = calls.remove(at: index)
            jumps.append((rules[Int(call.rule)].end, call.to))
        }
    }

    /// - Throws: `GrammarError` for a rule that reaches a call of itself without reading.
    func refuseLeftRecursion(_ nullable: [Bool]) throws(GrammarError) {
        var targets: [Int32: [(node: Int32, pushes: Bool)]] = [:]
        func add(_ from: Int32, _ to: Int32, pushes: Bool) {
            targets[from, default: []].append((to, pushes))
        }
        guard !calls.isEmpty || !repeats.isEmpty else { return }
        for jump in jumps { add(jump.from, jump.to, pushes: false) }
        for call in calls {
            add(call.from, rules[Int(call.rule)].start, pushes: true)
            if nullable[Int(call.rule)] { add(call.from, call.to, pushes: false) }
        }
        for record in repeats {
            add(record.node, rules[Int(record.rule)].start, pushes: true)
            if record.least == 0 || nullable[Int(record.rule)] {
                add(record.node, record.next, pushes: false)
            }
        }
        let groups = StrongComponents.of(Int(nodes)) { targets[$0]?.map(\.node) ?? [] }
        for (node, nexts) in targets {
            for next in nexts where next.pushes && groups[Int(node)] == groups[Int(next.node)] {
                let group = groups[Int(node)]
                let name = rules.first { $0.name != nil && groups[Int($0.start)] == group }?.name
                throw GrammarError(
                    "calls itself before it has read anything; let it begin with something else",
                    at: name.map { .rule($0) } ?? .whole)
            }
        }
    }
}

/// Groups of nodes that reach each other (Tarjan 1972), without recursion.
enum StrongComponents {
    static func of(_ count: Int, _ targets: (Int32) -> [Int32]) -> [Int32] {
        var index = [Int32](repeating: -1, count: count)
        var low = [Int32](repeating: 0, count: count)
        var group = [Int32](repeating: -1, count: count)
        var stack: [Int32] = []
        var frames: [(node: Int32, targets: [Int32], next: Int)] = []
        var (clock, groups): (Int32, Int32) = (0, 0)
        func open(_ node: Int32) {
            (index[Int(node)], low[Int(node)]) = (clock, clock)
            clock += 1
            stack.append(node)
            frames.append((node, targets(node), 0))
        }
        for root in 0..<Int32(count) where index[Int(root)] < 0 {
            open(root)
            while let frame = frames.last {
                let node = Int(frame.node)
                if frame.next < frame.targets.count {
                    frames[frames.count - 1].next += 1
                    let target = Int(frame.targets[frame.next])
                    if index[target] < 0 {
                        open(Int32(target))
                    } else if group[target] < 0 {
                        low[node] = min(low[node], index[target])
                    }
                    continue
                }
                frames.removeLast()
                if let parent = frames.last {
                    low[Int(parent.node)] = min(low[Int(parent.node)], low[node])
                }
                guard low[node] == index[node] else { continue }
                while let member = stack.popLast() {
                    group[Int(member)] = groups
                    if Int(member) == node { break }
                }
                groups += 1
            }
        }
        return group
    }
}
