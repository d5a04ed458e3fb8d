/// Finds literals in a stream of bytes: the first one, and of those that begin there the longest.
struct LiteralMatcher: Sendable {
    enum Event {
        /// A byte that belongs to none.
        case byte(UInt8)
        case literal([UInt8])
    }

    private let literals: [[UInt8]]
    private let starts: Set<UInt8>
    /// What may become a literal.
    private var held: [UInt8] = []

    init(_ literals: [[UInt8]]) {
        self.literals = literals.filter { !$0.isEmpty }
        starts = Set(self.literals.map { $0[0] })
    }

    /// Whether the byte is none of a literal's, so that it need not be pushed.
    func passes(_ byte: UInt8) -> Bool { held.isEmpty && !starts.contains(byte) }

    mutating func push(_ byte: UInt8) {
        held.append(byte)
    }

    /// - Parameter isEnd: nothing follows, so that no literal gets longer.
    /// - Returns: nil if the next byte decides.
    mutating func next(isEnd: Bool = false) -> Event? {
        guard !held.isEmpty else { return nil }
        let isOpen = literals.contains { $0.count > held.count && $0.starts(with: held) }
        if isOpen, !isEnd { return nil }
        let complete = literals.filter { held.starts(with: $0) }.max { $0.count < $1.count }
        guard let complete else { return .byte(held.removeFirst()) }
        held.removeFirst(complete.count)
        return .literal(complete)
    }

    /// What is held, which is then forgotten.
    mutating func take() -> [UInt8] {
        defer { held = [] }
        return held
    }
}
