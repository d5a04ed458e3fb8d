/// Finds the pieces that begin at a position of a text: a trie over the spellings of a vocabulary.
///
/// Nodes are in breadth-first order, so that the children of one are adjacent, in the order of
/// their bytes, and before those of the next.
struct PieceTrie: Sendable {
    /// The byte that leads to each node.
    private var bytes: [UInt8] = [0]
    /// The first child of each node, and at the end the count of nodes.
    private var children: [Int32] = []
    /// The id of the piece that ends at each node, or -1.
    private var ids: [Int32] = [-1]

    /// No piece is longer, so that a search is linear in the text.
    static let longestPiece = 1024

    /// - Parameters:
    ///   - spellings: the spelling of each id; of ids with the same spelling, the last is found.
    ///   - included: the ids that can be found.
    /// - Throws: ``TokenizerError/invalid(key:found:expected:)`` when a piece is too long.
    init(_ spellings: ByteStrings, where included: (Int) -> Bool) throws {
        let ids = (0..<spellings.count).filter { included($0) && !spellings.range($0).isEmpty }
        let longest = ids.map { spellings.range($0).count }.max() ?? 0
        guard longest <= Self.longestPiece else {
            throw TokenizerError.invalid(
                key: "vocab", found: "a token of \(longest) bytes",
                expected: "at most \(Self.longestPiece)")
        }
        let sorted = Self.sorted(ids, spellings)
        var level = [sorted.indices]
        var depth = 0
        while !level.isEmpty {
            var next: [Range<Int>] = []
            for pieces in level { addChildren(pieces, of: sorted, at: depth, spellings, &next) }
            level = next
            depth += 1
        }
        children.append(Int32(bytes.count))
    }

    /// Adds the children of the next node, below which are `pieces`.
    ///
    /// - Parameter below: takes the pieces below each child.
    private mutating func addChildren(
        _ pieces: Range<Int>, of sorted: [Int32], at depth: Int, _ spellings: ByteStrings,
        _ below: inout [Range<Int>]
    ) {
        let node = children.count
        children.append(Int32(bytes.count))
        var start = pieces.lowerBound
        while start < pieces.upperBound, spellings.range(Int(sorted[start])).count == depth {
            ids[node] = sorted[start]
            start += 1
        }
        while start < pieces.upperBound {
            let byte = spellings.byte(depth, of: sorted[start])
            var end = start + 1
            while end < pieces.upperBound, spellings.byte(depth, of: sorted[end]) == byte {
                end += 1
            }
            bytes.append(byte)
            ids.append(-1)
            below.append(start..<end)
            start = end
        }
    }

    /// The ids in the order of their spellings, then of their numbers.
    private static func sorted(_ ids: [Int], _ spellings: ByteStrings) -> [Int32] {
        struct Key {
            /// The first eight bytes.
            let head: UInt64
            let id: Int32
        }
        let keys = ids.map { id in
            let head = spellings[id].prefix(8)
            let value = head.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Key(head: value << UInt64(8 * (8 - head.count)), id: Int32(id))
        }
        return keys.sorted { a, b in
            if a.head != b.head { return a.head < b.head }
            let (left, right) = (spellings[Int(a.id)], spellings[Int(b.id)])
            if left.elementsEqual(right) { return a.id < b.id }
            return left.lexicographicallyPrecedes(right)
        }.map(\.id)
    }
}

extension ByteStrings {
    fileprivate func byte(_ index: Int, of id: Int32) -> UInt8 {
        bytes[Int(offsets[Int(id)]) + index]
    }
}

// MARK: - Search

extension PieceTrie {
    /// A node from which many searches start: where each byte leads, -1 if nowhere.
    struct Start: Sendable {
        fileprivate let children: [Int32]
    }

    /// Where all pieces begin.
    var start: Start { start(at: 0) }

    /// The node after `path`; nil if no piece begins with it.
    func start(behind path: some Sequence<UInt8>) -> Start? { node(at: path).map(start) }

    private func start(at node: Int32) -> Start {
        Start(children: (0...UInt8.max).map { child(of: node, $0) ?? -1 })
    }

    private func child(of node: Int32, _ byte: UInt8) -> Int32? {
        let children = Int(children[Int(node)])..<Int(children[Int(node) + 1])
        return children.first { bytes[$0] == byte }.map { Int32($0) }
    }

    private func node(at path: some Sequence<UInt8>) -> Int32? {
        var node: Int32 = 0
        for byte in path {
            guard let next = child(of: node, byte) else { return nil }
            node = next
        }
        return node
    }

    /// The id of the piece spelled `spelling`.
    func find(_ spelling: some Sequence<UInt8>) -> Int32? {
        node(at: spelling).flatMap { ids[Int($0)] < 0 ? nil : ids[Int($0)] }
    }

    /// Calls `body` with each piece that occurs in `text` at `place`, the shortest first.
    @inline(__always)
    func forEachPiece(
        in text: Span<UInt8>, from place: Int, behind start: Start,
        _ body: (_ id: Int32, _ end: Int) -> Void
    ) {
        guard place < text.count else { return }
        var node = Int(start.children[Int(text[place])])
        var end = place
        let (bytes, children, ids) = (bytes.span, children.span, ids.span)
        while node >= 0 {
            end += 1
            if ids[node] >= 0 { body(ids[node], end) }
            guard end < text.count else { return }
            node = Self.search(text[end], bytes, Int(children[node]), Int(children[node + 1]))
        }
    }

    /// The index of `byte` among `bytes[low..<high]`, which are in order; -1 if it is not there.
    @inline(__always)
    private static func search(_ byte: UInt8, _ bytes: Span<UInt8>, _ low: Int, _ high: Int) -> Int
    {
        var low = low
        var high = high
        while high - low > 8 {
            let middle = (low + high) / 2
            if bytes[middle] <= byte { low = middle } else { high = middle }
        }
        while low < high {
            if bytes[low] == byte { return low }
            low += 1
        }
        return -1
    }
}
