extension Recognizer {
    /// The tokens whose bytes a state reads, found by walking the tree of the vocabulary beside the
    /// states.
    func mask(of state: Int32, in trie: TokenTrie) -> TokenMask {
        let words = (trie.count + 63) / 64
        let plain = plainCharacters(after: state)
        guard plain > 0, !trie.plainTexts.isEmpty else {
            var mask = [UInt64](repeating: 0, count: words)
            walk(trie.all, from: state, into: &mask)
            return TokenMask(words: mask)
        }
        // In most of a string any text may follow: only the other tokens have to be looked at.
        if plain >= trie.longest {
            var mask = trie.plainTexts[trie.plainTexts.count - 1]
            walk(trie.others, from: state, into: &mask)
            return TokenMask(words: mask)
        }
        let shorter = min(plain, trie.plainTexts.count - 1)
        var mask =
            shorter > 0 ? trie.plainTexts[shorter - 1] : [UInt64](repeating: 0, count: words)
        walk(trie.all, from: state, into: &mask)
        return TokenMask(words: mask)
    }

    private func walk(_ part: TokenTrie.Part, from start: Int32, into mask: inout [UInt64]) {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: part.deepest + 1) { path in
            path[0] = start
            let (count, last) = (part.nodes.count, part.tokens.count)
            part.nodes.withUnsafeBufferPointer { nodes in
                part.tokens.withUnsafeBufferPointer { tokens in
                    mask.withUnsafeMutableBufferPointer { mask in
                        var known = transitions
                        var index = 0
                        while index < count {
                            let node = nodes[index]
                            let depth = Int(node.depth)
                            var state = known[path[depth - 1], node.byte]
                            if state == Transitions.unknown {
                                state = next(path[depth - 1], node.byte)
                                known = transitions
                            }
                            if state == Self.dead {
                                index = Int(node.skip)
                                continue
                            }
                            path[depth] = state
                            index += 1
                            let end = index < count ? Int(nodes[index].firstToken) : last
                            for place in Int(node.firstToken)..<end {
                                let token = Int(tokens[place])
                                mask[token / 64] |= 1 << (token % 64)
                            }
                        }
                    }
                }
            }
        }
    }

    /// How many characters that stand for themselves in a JSON string may follow, whichever they
    /// are.
    private func plainCharacters(after state: Int32) -> Int {
        var most = 0
        for thread in threads[Int(state)] where thread.node == network.characterStart {
            for back in frames[Int(thread.stack)].returns {
                let index = network.repeatOf[Int(back.node)]
                guard index >= 0 else { continue }
                let again = network.repeats[Int(index)]
                most = max(most, again.most == .max ? .max : Int(again.most - back.count) + 1)
            }
        }
        return most
    }

    /// A state that allows the same tokens, the same one for many: how often something was repeated
    /// does not matter while its limits are further away than a token reaches.
    func representative(of state: Int32, reach: Int) -> Int32 {
        guard network.repeats.contains(where: { $0.most != .max || $0.least > 0 }) else {
            return state
        }
        let places = threads[Int(state)].map { thread in
            var place = thread
            place.count = representative(of: thread.count, at: thread.node, reach)
            place.stack = representative(stack: thread.stack, reach)
            return place
        }
        if places == threads[Int(state)] { return state }
        return intern(Set(places).sorted(by: <), accepting: accepts[Int(state)])
    }

    private func representative(stack: Int32, _ reach: Int) -> Int32 {
        if stack == 0 { return 0 }
        if let known = representatives[stack] { return known }
        var frame = frames[Int(stack)]
        let returns = frame.returns.map { back in
            Return(
                node: back.node, count: representative(of: back.count, at: back.node, reach))
        }
        frame.returns = Set(returns).sorted { ($0.node, $0.count) < ($1.node, $1.count) }
        frame.parent = representative(stack: frame.parent, reach)
        let found = intern(frame)
        representatives[stack] = found
        return found
    }

    private func representative(of count: Int32, at node: Int32, _ reach: Int) -> Int32 {
        let index = network.repeatOf[Int(node)]
        guard index >= 0 else { return count }
        let again = network.repeats[Int(index)]
        if count < again.least { return Int(again.least - count) > reach ? 0 : count }
        return again.most != .max && Int(again.most - count) > reach ? again.least : count
    }
}

// MARK: - Forced bytes

extension Recognizer {
    /// The bytes that must follow, as far as there is no choice.
    func forcedBytes(after start: Int32, atMost limit: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var state = start
        while bytes.count < limit, let byte = onlyByte(after: state) {
            bytes.append(byte)
            state = next(state, byte)
        }
        return bytes
    }

    private func onlyByte(after state: Int32) -> UInt8? {
        guard !accepts[Int(state)] else { return nil }
        var only: UInt8?
        for thread in threads[Int(state)] {
            for edge in network.edges(of: thread.node) {
                guard edge.low == edge.high, only == nil || only == edge.low else { return nil }
                only = edge.low
            }
        }
        guard let only, only != 0xFF, next(state, only) != Self.dead else { return nil }
        return only
    }
}

// MARK: - Renewal

extension Recognizer {
    /// A recognizer that knows only these states, and their numbers there.
    func renewed(keeping states: [Int32]) -> (Recognizer, [Int32]) {
        let fresh = Recognizer(network)
        fresh.adoptMemories(of: self)
        var stacks: [Int32: Int32] = [0: 0]
        func copy(stack: Int32) -> Int32 {
            if let known = stacks[stack] { return known }
            var frame = frames[Int(stack)]
            frame.parent = copy(stack: frame.parent)
            let copied = fresh.intern(frame)
            stacks[stack] = copied
            return copied
        }
        let numbers = states.map { state in
            let places = threads[Int(state)].map { thread in
                var place = thread
                place.stack = copy(stack: thread.stack)
                return place
            }
            return fresh.intern(places.sorted(by: <), accepting: accepts[Int(state)])
        }
        return (fresh, numbers)
    }
}
