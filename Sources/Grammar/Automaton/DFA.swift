/// A deterministic finite automaton over bytes; state 0 is the start.
struct DFA: Sendable {
    static let none: Int32 = -1

    let classOf: [UInt8]
    let classCount: Int
    /// `[states, classes]`; `none` where nothing follows.
    private(set) var table: [Int32]
    private(set) var accepts: [Bool]

    var count: Int { accepts.count }

    func next(_ state: Int32, _ byte: UInt8) -> Int32 {
        table[Int(state) * classCount + Int(classOf[Int(byte)])]
    }

    func contains(_ text: some Sequence<UInt8>) -> Bool {
        var state: Int32 = 0
        for byte in text {
            state = next(state, byte)
            if state == Self.none { return false }
        }
        return accepts[Int(state)]
    }

    /// Whether no text is accepted.
    var isEmpty: Bool { !useful.contains(true) }

    /// States from which an accepting one can be reached.
    private var useful: [Bool] {
        var before = [[Int32]](repeating: [], count: count)
        for state in 0..<count {
            for kind in 0..<classCount where table[state * classCount + kind] != Self.none {
                let target = Int(table[state * classCount + kind])
                if before[target].last != Int32(state) { before[target].append(Int32(state)) }
            }
        }
        var useful = accepts
        var work = accepts.indices.filter { accepts[$0] }
        while let state = work.popLast() {
            for earlier in before[state] where !useful[Int(earlier)] {
                useful[Int(earlier)] = true
                work.append(Int(earlier))
            }
        }
        return useful
    }

    /// The edges of a state, as ranges of bytes.
    func edges(of state: Int) -> [(ClosedRange<UInt8>, Int)] {
        var edges: [(ClosedRange<UInt8>, Int)] = []
        for byte in UInt8.min...UInt8.max {
            let target = next(Int32(state), byte)
            guard target != Self.none else { continue }
            if let (range, last) = edges.last, last == target, range.upperBound &+ 1 == byte {
                edges[edges.count - 1].0 = range.lowerBound...byte
            } else {
                edges.append((byte...byte, Int(target)))
            }
        }
        return edges
    }
}

extension DFA {
    /// The automaton of a machine that is described by its states.
    ///
    /// - Parameters:
    ///   - bytes: ranges such that a machine treats the bytes of each alike.
    ///   - next: the state after a byte, nil for none.
    static func exploring<State: Hashable>(
        _ start: State, over bytes: [ClosedRange<UInt8>], _ budget: Budget,
        accepts: (State) -> Bool, next: (State, UInt8) -> State?
    ) throws(GrammarError) -> DFA {
        let (classOf, count) = ByteClasses.of(bytes)
        var representatives = [UInt8?](repeating: nil, count: count)
        for range in bytes {
            for byte in range { representatives[Int(classOf[Int(byte)])] = byte }
        }
        var numbers: [State: Int32] = [start: 0]
        var states = [start]
        var table: [Int32] = []
        var place = 0
        while place < states.count {
            try budget.spend(3 * count)
            for byte in representatives {
                guard let byte, let target = next(states[place], byte) else {
                    table.append(none)
                    continue
                }
                if let known = numbers[target] {
                    table.append(known)
                } else {
                    numbers[target] = Int32(states.count)
                    table.append(Int32(states.count))
                    states.append(target)
                }
            }
            place += 1
        }
        return DFA(
            classOf: classOf, classCount: count, table: table, accepts: states.map(accepts)
        )
        .smallest()
    }

    /// The texts that both accept.
    func intersection(_ other: DFA, _ budget: Budget) throws(GrammarError) -> DFA {
        try combined(with: other, budget, accepts: { $0 && $1 }) {
            $0 == DFA.none || $1 == DFA.none
        }
    }

    /// The texts that this one accepts and the other does not.
    func subtracting(_ other: DFA, _ budget: Budget) throws(GrammarError) -> DFA {
        try combined(with: other, budget, accepts: { $0 && !$1 }) { left, _ in left == DFA.none }
    }

    /// The texts that one or both accept.
    func union(_ other: DFA, _ budget: Budget) throws(GrammarError) -> DFA {
        try combined(with: other, budget, accepts: { $0 || $1 }) {
            $0 == DFA.none && $1 == DFA.none
        }
    }

    private struct Pair: Hashable {
        var left, right: Int32
    }

    private func combined(
        with other: DFA, _ budget: Budget, accepts: (Bool, Bool) -> Bool,
        isDead: (Int32, Int32) -> Bool
    ) throws(GrammarError) -> DFA {
        // Classes that both automata keep apart.
        var ranges: [ClosedRange<UInt8>] = []
        for byte in UInt8.min...UInt8.max {
            let index = Int(byte)
            if index == 0 || classOf[index] != classOf[index - 1]
                || other.classOf[index] != other.classOf[index - 1]
            {
                ranges.append(byte...byte)
            } else {
                ranges[ranges.count - 1] = ranges[ranges.count - 1].lowerBound...byte
            }
        }
        func isAccepting(_ pair: Pair) -> Bool {
            accepts(
                pair.left != Self.none && self.accepts[Int(pair.left)],
                pair.right != Self.none && other.accepts[Int(pair.right)])
        }
        return try DFA.exploring(
            Pair(left: 0, right: 0), over: ranges, budget, accepts: isAccepting
        ) { pair, byte in
            let next = Pair(
                left: pair.left == Self.none ? Self.none : self.next(pair.left, byte),
                right: pair.right == Self.none ? Self.none : other.next(pair.right, byte))
            return isDead(next.left, next.right) ? nil : next
        }
    }
}

// MARK: - Minimization

extension DFA {
    /// The same texts with as few states as possible, none of them useless (Moore 1956). Automata
    /// for which that takes long, as long chains are, are only relieved of useless states.
    func smallest() -> DFA {
        let useful = useful
        guard useful[0] else {
            return DFA(
                classOf: classOf, classCount: classCount,
                table: Array(repeating: Self.none, count: classCount), accepts: [false])
        }
        var group = (0..<count).map { useful[$0] ? Int32(accepts[$0] ? 1 : 0) : Self.none }
        var groups = Set(group).subtracting([Self.none]).count
        var isLarge = count > 2000
        var rounds = 0
        while !isLarge {
            var numbers: [[Int32]: Int32] = [:]
            var refined = group
            var signature = [Int32](repeating: 0, count: classCount + 1)
            for state in 0..<count where useful[state] {
                signature[0] = group[state]
                for kind in 0..<classCount {
                    let target = table[state * classCount + kind]
                    signature[kind + 1] = target == Self.none ? Self.none : group[Int(target)]
                }
                if let known = numbers[signature] {
                    refined[state] = known
                } else {
                    refined[state] = Int32(numbers.count)
                    numbers[signature] = Int32(numbers.count)
                }
            }
            group = refined
            if numbers.count == groups { break }
            groups = numbers.count
            rounds += 1
            isLarge = rounds == 16
        }
        if isLarge {
            var next: Int32 = 0
            for state in 0..<count where useful[state] {
                group[state] = next
                next += 1
            }
        }
        return merged(group)
    }

    /// - Parameter group: the group of each state, `none` for useless ones.
    private func merged(_ group: [Int32]) -> DFA {
        // Numbered in the order of their first states, so that the start stays state 0.
        var numbers: [Int32: Int32] = [:]
        var members: [Int] = []
        for state in 0..<count where group[state] != Self.none && numbers[group[state]] == nil {
            numbers[group[state]] = Int32(members.count)
            members.append(state)
        }
        var table: [Int32] = []
        for state in members {
            for kind in 0..<classCount {
                let target = self.table[state * classCount + kind]
                let place = target == Self.none ? Self.none : group[Int(target)]
                table.append(place == Self.none ? Self.none : numbers[place] ?? Self.none)
            }
        }
        return DFA(
            classOf: classOf, classCount: classCount, table: table,
            accepts: members.map { accepts[$0] })
    }
}
