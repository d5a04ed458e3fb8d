/// An open model: immutable weights that contexts share.
///
/// The abilities of a model follow from its types: a `TextModel` has tokens, an
/// `EncoderDecoderModel` encodes sources, a `VectorModel` has vectors, a `TaskModel` tasks; a `Context`
/// that is a `DecodeContext` decodes; one that is an `ImageContext` draws; one that is a
/// `SelfTestingContext` tests itself.
public protocol Model: AnyObject, Sendable {
    associatedtype Context: ModelContext

    var info: ModelInfo { get }

    /// Makes a context with at least the requested sequences.
    func makeContext(_ parameters: ContextParameters, call: Call) throws -> Context
}

/// The mutable state of one lane: one call at a time, from changing threads.
public protocol ModelContext: AnyObject {}

/// How large a context to make.
public struct ContextParameters: Sendable {
    /// Sequences held at the same time, at least 1.
    public let sequences: Int
    /// Positions per sequence; `nil` is the model's own limit.
    public let contextLength: Int?
    /// Rows per forward; `nil` is the plugin's choice.
    public let batchSize: Int?
    /// The settings of plugins.toml, a JSON object or empty.
    public let configJSON: String

    public init(
        sequences: Int, contextLength: Int? = nil, batchSize: Int? = nil,
        configJSON: String = ""
    ) {
        self.sequences = sequences
        self.contextLength = contextLength
        self.batchSize = batchSize
        self.configJSON = configJSON
    }
}
