/// Rows of many sequences, prefill and decode mixed. Rows of one sequence are in order.
public struct Batch: Sendable {
    /// `[N]`
    public let tokens: [Int32]
    /// `[N]`
    public let sequences: [Int]
    /// `[N]` The sequence's length at that row.
    public let positions: [Int]
    /// The rows whose logits are wanted, ascending.
    public let wanted: [Int]

    public var count: Int { tokens.count }

    /// - Precondition: the arrays are equally long.
    public init(tokens: [Int32], sequences: [Int], positions: [Int], wanted: [Int]) {
        self.tokens = tokens
        self.sequences = sequences
        self.positions = positions
        self.wanted = wanted
    }
}

/// The host's buffer for rows of floats, lent for the call.
public struct Rows {
    public let count: Int
    /// Floats per row.
    public let width: Int
    private let base: UnsafeMutableRawPointer?
    private let stride: Int

    /// - Parameter stride: bytes from one row to the next.
    public init(base: UnsafeMutableRawPointer?, count: Int, width: Int, stride: Int) {
        self.base = base
        self.count = count
        self.width = width
        self.stride = stride
    }

    /// - Precondition: `row` is in 0 ..< `count`.
    public subscript(_ row: Int) -> UnsafeMutableBufferPointer<Float> {
        precondition(row >= 0 && row < count, "row \(row) of \(count)")
        let start = base?.advanced(by: row * stride).assumingMemoryBound(to: Float.self)
        return UnsafeMutableBufferPointer(start: start, count: width)
    }
}
