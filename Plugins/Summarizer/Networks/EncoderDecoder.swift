import TensorRuntime

/// A network that reads a source and writes another text, token by token.
protocol EncoderDecoder: Sendable {
    /// Reads a source, and writes what every layer of the decoder looks at into a memory.
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

/// What a family's `config.json` says, and how its network comes from a checkpoint.
protocol EncoderDecoderConfiguration: Sendable {
    /// As the ABI's families name it: `t5`.
    var family: String { get }
    /// As `architectures` names it: `T5ForConditionalGeneration`.
    var architecture: String { get }
    var vocabSize: Int { get }
    /// D
    var width: Int { get }
    var decoderDepth: Int { get }
    var decoderHeads: Int { get }
    /// Of the decoder's heads.
    var headSize: Int { get }
    /// The longest text that is written, the start token included.
    var decoderPositions: Int { get }
    /// The longest source that can be read; nil for no limit.
    var longestSource: Int? { get }
    /// The longest source that should be read, where that is known.
    var trainedSource: Int? { get }
    /// The start token where no file says.
    var usualDecoderStart: Int32? { get }

    /// - Throws: `SummarizerError` naming the key whose value this network does not implement or
    ///   that contradicts another.
    func check() throws

    func network(_ weights: Weights, _ precision: Precision) throws -> any EncoderDecoder
}
