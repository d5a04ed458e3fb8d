public import PluginKit
public import TensorRuntime

/// Where a decoder keeps its sequences: the rows of a batch enter it together, or none does.
public protocol DecoderCache {
    func begin(_ rows: SequenceRows) throws
    func commit()
    func rollback()
}

extension KVCache: DecoderCache {}

extension Batch {
    /// Runs a step of a decoder.
    ///
    /// - Parameter logits: the network on rows that have entered the cache: [rows.count, rows.width],
    ///   or nil where no row wants any.
    /// - Throws: what the cache or the network throws; the cache is then as before.
    public func run(
        in cache: some DecoderCache, into rows: Rows, _ logits: (SequenceRows) throws -> Tensor?
    ) throws {
        let places = SequenceRows(sequences: sequences, positions: positions.map { Int32($0) })
        try cache.begin(places)
        do {
            try logits(places)?.withFloats { logits in
                let width = rows.width
                for row in 0..<rows.count {
                    let values = logits[row * width..<(row + 1) * width]
                    _ = rows[row].update(fromContentsOf: UnsafeBufferPointer(rebasing: values))
                }
            }
        } catch {
            cache.rollback()
            throw error
        }
        cache.commit()
    }
}
