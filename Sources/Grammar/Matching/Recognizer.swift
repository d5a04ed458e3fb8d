/// What is known of the states that follow others.
struct Transitions {
    static let unknown: Int32 = -1

    /// `[states, classes]`; unknown until asked for.
    var table: UnsafeMutablePointer<Int32>
    /// The class of each byte.
    let classes: UnsafeMutablePointer<UInt8>
    let width: Int

    subscript(state: Int32, byte: UInt8) -> Int32 {
        get { table[Int(state) * width + Int(classes[Int(byte)])] }
        nonmutating set { table[Int(state) * width + Int(classes[Int(byte)])] = newValue }
    }
}

/// Reads bytes with a network: makes deterministic states as they are needed, and keeps them.
///
/// A state is the set of all places that the network may be in, each with its own stack. Stacks are
/// lists with shared ends, stored once, so that equal states are found and have one number.
///
/// Not safe for several threads at a time.
final class Recognizer {
    /// A place in the network.
    struct Thread: Hashable {
        var node: Int32
        /// How often a repeat has been read.
        var count: Int32 = 0
        /// What `DistinctTexts` remembers, 0 for nothing.
        var memory: Int32 = 0
        var stack: Int32 = 0

        static func < (left: Thread, right: Thread) -> Bool {
            (left.stack, left.node, left.count, left.memory)
                < (right.stack, right.node, right.count, right.memory)
        }
    }

    struct Return: Hashable {
        var node, count: Int32
    }

    struct Frame: Hashable {
        /// Where reading may go on after the rule.
        var returns: [Return]
        /// The memory that is restored; -1 keeps what the rule leaves.
        var memory: Int32
        /// The stack below; 0 is empty.
        var parent: Int32
        var depth: Int32
    }

    static let dead: Int32 = 0
    static let start: Int32 = 1
    /// Deeper nesting is not read, and more places at a time are not followed.
    private static let deepest: Int32 = 1000
    private static let mostThreads = 3000

    let network: Network
    private(set) var threads: [[Thread]] = []
    private(set) var accepts: [Bool] = []
    private(set) var frames: [Frame] = [Frame(returns: [], memory: -1, parent: 0, depth: 0)]
    private var states: [[Thread]: [Int32]] = [:]
    private var stacks: [Frame: Int32] = [:]
    private var memories = DistinctTexts()
    /// Stacks with their counts as `representative` has them.
    var representatives: [Int32: Int32] = [:]
    private(set) var transitions: Transitions
    private var capacity = 0
    private var closure = Closure()
    /// The bytes that stand for their classes.
    private let firstOf: [UInt8]
    /// Whether places were given up because there were too many.
    private(set) var gaveUp = false

    init(_ network: Network) {
        self.network = network
        var firstOf = [UInt8](repeating: 0, count: network.classCount)
        for byte in (0...255).reversed() { firstOf[Int(network.classOf[byte])] = UInt8(byte) }
        self.firstOf = firstOf
        transitions = Transitions(
            table: .allocate(capacity: 0), classes: .allocate(capacity: 256),
            width: network.classCount)
        transitions.classes.update(from: network.classOf, count: 256)
        _ = intern([], accepting: false)
        close([Thread(node: network.ruleStarts[Int(network.root)])])
        _ = internClosure()
    }

    deinit {
        transitions.table.deallocate()
        transitions.classes.deallocate()
    }

    func adoptMemories(of other: Recognizer) { memories = other.memories }

    /// About how many bytes the states take.
    var size: Int { threads.count * (network.classCount * 4 + 200) + frames.count * 150 }

    /// Whether a state has no next one.
    func isFinal(_ state: Int32) -> Bool { threads[Int(state)].isEmpty }

    /// The state after a byte; `dead` if there is none.
    func next(_ state: Int32, _ byte: UInt8) -> Int32 {
        let known = transitions[state, byte]
        if known != Transitions.unknown { return known }
        let next = step(state, firstOf[Int(network.classOf[Int(byte)])])
        transitions[state, byte] = next
        return next
    }

    private func step(_ state: Int32, _ byte: UInt8) -> Int32 {
        var moved: [Thread] = []
        for thread in threads[Int(state)] {
            for edge in network.edges(of: thread.node) where edge.low <= byte && byte <= edge.high {
                var next = Thread(node: edge.to, memory: thread.memory, stack: thread.stack)
                if thread.memory != 0 {
                    next.memory = memories.append(byte, to: thread.memory)
                }
                moved.append(next)
            }
        }
        if moved.isEmpty { return Self.dead }
        close(moved)
        return internClosure()
    }

    /// The number of a state with these places, which are sorted.
    func intern(_ places: [Thread], accepting: Bool) -> Int32 {
        for known in states[places] ?? [] where accepts[Int(known)] == accepting { return known }
        let id = Int32(threads.count)
        threads.append(places)
        accepts.append(accepting)
        states[places, default: []].append(id)
        let width = network.classCount
        if threads.count > capacity {
            let larger = max(64, capacity * 2)
            let grown = UnsafeMutablePointer<Int32>.allocate(capacity: larger * width)
            grown.update(from: transitions.table, count: capacity * width)
            (grown + capacity * width).update(
                repeating: Transitions.unknown, count: (larger - capacity) * width)
            transitions.table.deallocate()
            (transitions.table, capacity) = (grown, larger)
        }
        if places.isEmpty {
            (transitions.table + Int(id) * width).update(repeating: Self.dead, count: width)
        }
        return id
    }

    func intern(_ frame: Frame) -> Int32 {
        if let known = stacks[frame] { return known }
        frames.append(frame)
        stacks[frame] = Int32(frames.count - 1)
        return Int32(frames.count - 1)
    }
}

// MARK: - Closure

extension Recognizer {
    /// What is reached without reading a byte.
    private struct Closure {
        var seen: Set<Thread> = []
        var work: [Thread] = []
        var reading: [Thread] = []
        var accepts = false
        /// Calls by the rule and the place that they leave, with where they return to.
        var calls: [Call: Set<Return>] = [:]
    }

    private struct Call: Hashable {
        var rule, memory, stack: Int32
        var isolates: Bool
    }

    private func close(_ places: [Thread]) {
        closure.seen.removeAll(keepingCapacity: true)
        closure.reading.removeAll(keepingCapacity: true)
        closure.accepts = false
        closure.work = places
        while true {
            while let thread = closure.work.popLast() { visit(thread) }
            if closure.calls.isEmpty { break }
            let calls = closure.calls
            closure.calls = [:]
            for (call, returns) in calls { push(call, returns) }
            if closure.seen.count > Self.mostThreads {
                gaveUp = true
                closure.calls = [:]
                closure.work = []
                break
            }
        }
    }

    private func internClosure() -> Int32 {
        if closure.reading.isEmpty, !closure.accepts { return Self.dead }
        return intern(closure.reading.sorted(by: <), accepting: closure.accepts)
    }

    private func visit(_ place: Thread) {
        guard closure.seen.insert(place).inserted else { return }
        var place = place
        let node = Int(place.node)
        if network.hasActions, network.actions[node] != .none {
            guard let memory = memories.perform(network.actions[node], on: place.memory)
            else { return }
            place.memory = memory
        }
        if network.accepts[node] { pop(place) }
        if network.hasEdges(place.node) { closure.reading.append(place) }
        for target in network.jumps(of: place.node) {
            closure.work.append(Thread(node: target, memory: place.memory, stack: place.stack))
        }
        for call in network.calls(of: place.node) {
            if network.isNullable[Int(call.rule)] {
                closure.work.append(
                    Thread(node: call.to, memory: place.memory, stack: place.stack))
            }
            note(call.rule, Return(node: call.to, count: 0), place, isolates: call.isolates)
        }
        guard network.repeatOf[node] >= 0 else { return }
        let again = network.repeats[Int(network.repeatOf[node])]
        if place.count >= again.least {
            closure.work.append(
                Thread(node: again.next, memory: place.memory, stack: place.stack))
        }
        if place.count < again.most {
            let count = again.count(after: place.count)
            note(again.rule, Return(node: place.node, count: count), place, isolates: false)
        }
    }

    private func note(_ rule: Int32, _ back: Return, _ place: Thread, isolates: Bool) {
        let call = Call(
            rule: rule, memory: place.memory, stack: place.stack,
            isolates: isolates && place.memory != 0)
        closure.calls[call, default: []].insert(back)
    }

    private func push(_ call: Call, _ returns: Set<Return>) {
        let depth = frames[Int(call.stack)].depth + 1
        guard depth <= Self.deepest else { return }
        let sorted = returns.sorted { ($0.node, $0.count) < ($1.node, $1.count) }
        let stack = intern(
            Frame(
                returns: sorted, memory: call.isolates ? call.memory : -1, parent: call.stack,
                depth: depth))
        closure.work.append(
            Thread(
                node: network.ruleStarts[Int(call.rule)],
                memory: call.isolates ? 0 : call.memory, stack: stack))
    }

    private func pop(_ place: Thread) {
        if place.stack == 0 {
            closure.accepts = true
            return
        }
        let frame = frames[Int(place.stack)]
        let memory = frame.memory < 0 ? place.memory : frame.memory
        for back in frame.returns {
            closure.work.append(
                Thread(node: back.node, count: back.count, memory: memory, stack: frame.parent))
        }
    }
}
