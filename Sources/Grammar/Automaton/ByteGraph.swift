/// An automaton over bytes under construction.
protocol ByteGraph {
    mutating func addNode() throws(GrammarError) -> Int32
    mutating func addEdge(
        _ from: Int32, _ bytes: ClosedRange<UInt8>, _ to: Int32
    ) throws(GrammarError)
    /// Adds a step that reads nothing.
    mutating func addJump(_ from: Int32, _ to: Int32) throws(GrammarError)
}

extension ByteGraph {
    mutating func add(
        _ bytes: some Collection<UInt8>, from: Int32, to: Int32
    ) throws(GrammarError) {
        guard !bytes.isEmpty else { return try addJump(from, to) }
        try add(ranges: bytes.map { $0...$0 }, from: from, to: to)
    }

    mutating func add(
        ranges: some Collection<ClosedRange<UInt8>>, from: Int32, to: Int32
    ) throws(GrammarError) {
        var node = from
        var left = ranges.count
        for range in ranges {
            left -= 1
            let next = left == 0 ? to : try addNode()
            try addEdge(node, range, next)
            node = next
        }
    }

    /// One of several sequences, in order, which share the states of their beginnings.
    mutating func add(
        sequences: [[ClosedRange<UInt8>]], from: Int32, to: Int32
    ) throws(GrammarError) {
        var path: [Int32] = [from]
        var previous: ArraySlice<ClosedRange<UInt8>> = []
        for ranges in sequences {
            let shared = zip(previous, ranges.dropLast()).prefix { $0 == $1 }.count
            path.removeLast(path.count - 1 - shared)
            for range in ranges.dropLast().dropFirst(shared) {
                let next = try addNode()
                try addEdge(path[path.count - 1], range, next)
                path.append(next)
            }
            if let last = ranges.last { try addEdge(path[path.count - 1], last, to) }
            previous = ranges.dropLast()
        }
    }

    /// One scalar of a set, in a certain spelling.
    mutating func add(
        _ set: ScalarSet, as spelling: Spelling, from: Int32, to: Int32
    ) throws(GrammarError) {
        let plain = spelling == .json ? set.subtracting(JSONSpelling.escaped) : set
        try add(sequences: plain.utf8, from: from, to: to)
        guard spelling == .json else { return }
        for range in set.intersection(JSONSpelling.escaped).ranges {
            for scalar in range {
                try add(JSONSpelling.escape(of: UInt8(scalar)), from: from, to: to)
            }
        }
    }

    /// One of several texts, which share the states of their beginnings.
    ///
    /// - Returns: the last state of each distinct text.
    mutating func add(
        oneOf texts: some Sequence<[UInt8]>, from: Int32
    ) throws(GrammarError) -> [(text: [UInt8], node: Int32)] {
        let sorted = texts.sorted { $0.lexicographicallyPrecedes($1) }
        var path: [Int32] = [from]
        var ends: [(text: [UInt8], node: Int32)] = []
        var previous: [UInt8]?
        for text in sorted where text != previous {
            let shared = zip(previous ?? [], text).prefix { $0 == $1 }.count
            path.removeLast(path.count - 1 - shared)
            for byte in text[shared...] {
                let next = try addNode()
                try addEdge(path[path.count - 1], byte...byte, next)
                path.append(next)
            }
            ends.append((text, path[path.count - 1]))
            previous = text
        }
        return ends
    }
}

/// How characters are written.
enum Spelling: Hashable, Sendable {
    /// As UTF-8.
    case plain
    /// As UTF-8 within a JSON string, each character in only one way: what must be escaped is.
    case json
}

/// The escapes of JSON strings.
enum JSONSpelling {
    static let escaped = ScalarSet(0...0x1F, 0x22...0x22, 0x5C...0x5C)

    static func escape(of byte: UInt8) -> [UInt8] {
        let letters: [UInt8: Character] = [
            0x08: "b", 0x09: "t", 0x0A: "n", 0x0C: "f", 0x0D: "r", 0x22: "\"", 0x5C: "\\",
        ]
        if let letter = letters[byte] { return Array("\\\(letter)".utf8) }
        let digits = String(byte, radix: 16)
        return Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
    }

    static func content(of text: some StringProtocol) -> [UInt8] {
        text.utf8.flatMap { byte in
            byte < 0x20 || byte == 0x22 || byte == 0x5C ? escape(of: byte) : [byte]
        }
    }
}
