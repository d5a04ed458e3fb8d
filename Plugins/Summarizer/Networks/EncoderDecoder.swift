import TensorRuntime

/// A network that reads a source and writes another text, token by token.
protocol EncoderDecoder: Sendable {
    /// Reads a source, and writes what every layer of the decoder attends to into a memory.
    ///
    /// - Parameters:
    ///   - source: as many tokens as the memory is long.
    ///   - beforeLayer: may throw to end the pass.
    func encode(
        _ source: [Int32], into memory: AttentionMemory, beforeLayer: () throws -> Void
    ) throws

    /// The decoder's states.
    ///
    /// - Parameters:
    ///   - rows: where in the cache each token stands; the cache has begun a batch with them.
    ///   - memories: what each token's sequence has read.
    ///   - wanted: the rows whose states are returned.
    ///   - beforeLayer: may throw to end the pass.
    /// - Returns: [W, D]
    func decode(
        _ tokens: [Int32], at rows: SequenceRows, _ cache: KVCache,
        lookingAt memories: [AttentionMemory], wanted: [Int], beforeLayer: () throws -> Void
    ) throws -> Tensor

    /// - Parameter states: [W, D], as `decode` returns them.
    /// - Returns: [W, V]
    func logits(_ states: Tensor) throws -> Tensor
}

/// A family's `config.json`, and how its network is loaded from a checkpoint.
protocol EncoderDecoderConfiguration: Sendable {
    /// The ABI's name of the family: `t5`.
    var family: String { get }
    /// The class in `architectures`: `T5ForConditionalGeneration`.
    var architecture: String { get }
    var vocabSize: Int { get }
    /// D
    var width: Int { get }
    var decoderDepth: Int { get }
    var decoderHeads: Int { get }
    /// Of the decoder's heads.
    var headSize: Int { get }
    /// The longest output, including the start token.
    var decoderPositions: Int { get }
    /// The longest source that can be read; nil for no limit.
    var longestSource: Int? { get }
    /// The longest source that should be read, if that is known.
    var trainedSource: Int? { get }
    /// The start token if no file names one.
    var usualDecoderStart: Int32? { get }

    /// - Throws: `SummarizerError` naming the key whose value this network does not implement or
    ///   that contradicts another.
    func check() throws

    func network(_ weights: Weights, _ precision: Precision) throws -> any EncoderDecoder
}
