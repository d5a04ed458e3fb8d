/// Sequences that grow by steps: `roost.text.decode/1`.
///
/// The kit checks every argument before it calls: sequence numbers and tokens are in range, rows of
/// a sequence are in order and begin at its length, and `rows` has one row for each requested one.
public protocol DecodeContext: ModelContext {
    /// What the context can hold; it never changes.
    var capabilities: DecodeCapabilities { get }

    /// Appends the batch to its sequences and fills one row of logits for each row that requests
    /// it, in order.
    ///
    /// - Throws: every sequence is then as before, or the error has `sequencesLost`.
    func forward(_ batch: Batch, into rows: Rows, call: Call) throws

    /// The number of positions in a sequence.
    func length(of sequence: Int) -> Int

    func clear(_ sequence: Int)

    /// Keeps the first `length` positions; there are at least that many.
    func truncate(_ sequence: Int, to length: Int) throws

    /// Makes `destination`, which is empty, hold the first `length` positions of `source`.
    func fork(_ source: Int, to destination: Int, length: Int) throws
}

extension DecodeContext {
    /// Appends tokens to a sequence.
    ///
    /// - Parameter tokens: at least one, as many as a batch takes.
    /// - Returns: the logits after the last.
    public func logits(
        of tokens: some Collection<Int32>, in sequence: Int = 0, call: Call
    ) throws -> [Float] {
        let start = length(of: sequence)
        let batch = Batch(
            tokens: Array(tokens), sequences: tokens.map { _ in sequence },
            positions: Array(start..<start + tokens.count), wanted: [tokens.count - 1])
        let width = capabilities.vocabularySize
        var logits = [Float](repeating: .nan, count: width)
        try logits.withUnsafeMutableBytes { bytes in
            let row = Rows(base: bytes.baseAddress, count: 1, width: width, stride: bytes.count)
            try forward(batch, into: row, call: call)
        }
        return logits
    }
}

/// What a decode context can hold and do.
public struct DecodeCapabilities: Sendable {
    public var flags: DecodeFlags
    /// Floats in a row of logits.
    public var vocabularySize: Int
    /// Positions per sequence.
    public var contextLength: Int
    public var sequences: Int
    /// Rows per forward.
    public var batchSize: Int

    public init(
        flags: DecodeFlags, vocabularySize: Int, contextLength: Int, sequences: Int,
        batchSize: Int
    ) {
        self.flags = flags
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.sequences = sequences
        self.batchSize = batchSize
    }
}
