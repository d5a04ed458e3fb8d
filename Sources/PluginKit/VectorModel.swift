/// A model that turns texts into vectors, scores or labels: `roost.vectors/1`.
public protocol VectorModel: Model where Context: VectorContext {
    /// What it can do; it never changes.
    var vectors: VectorCapabilities { get }

    /// The ids that `embed` would embed for this text: prefix, special tokens and cut included; of a
    /// model that does not embed, those of the text alone. From any thread, concurrently with every
    /// other call. Called where `embedsTokens` is set.
    func embeddingTokens(of text: String, flags: EmbedFlags, call: Call) throws -> [Int32]

    /// The tokens of a text as `embed` or `classify` reads it; with a `pair`, of the two as `scores`, whose
    /// query is `text`, or `classify` reads them. From any thread, concurrently with every other call.
    /// Called where `countsTokens` is set.
    func countTokens(
        of text: String, pair: String?, flags: EmbedFlags, call: Call
    ) throws -> TokenCount
}

/// The calls of a vector model. The kit checks every argument, and calls only what the model's
/// `VectorCapabilities` promise.
///
/// Texts longer than the model takes are cut; an empty text is one of special tokens only. Logits are
/// raw: what makes probabilities of them is the host's to do.
public protocol VectorContext: ModelContext {
    /// Fills a row of `dimensions` floats per text.
    func embed(_ texts: [String], flags: EmbedFlags, into rows: Rows, call: Call) throws

    /// Fills a row per text, of the ids that `embeddingTokens` gave for it: at least one, at most
    /// `maxTokens`, none negative.
    func embed(tokens: [[Int32]], flags: EmbedFlags, into rows: Rows, call: Call) throws

    /// A logit of relevance for each document; larger is better.
    func scores(query: String, documents: [String], call: Call) throws -> [Float]

    /// Fills a row of a logit for each label per text.
    func classify(_ texts: [String], into rows: Rows, call: Call) throws

    /// The same of pairs: row i is of `texts[i]` and `pairs[i]`, read together.
    func classify(_ texts: [String], pairs: [String], into rows: Rows, call: Call) throws
}

/// The tokens of a text, special tokens and prefix among them.
public struct TokenCount: Sendable {
    /// Those that there are.
    public var whole: Int
    /// Those that are left by the cut.
    public var read: Int

    public init(whole: Int, read: Int) {
        self.whole = whole
        self.read = read
    }
}

extension VectorModel {
    public func embeddingTokens(
        of text: String, flags: EmbedFlags, call: Call
    ) throws -> [Int32] {
        throw PluginError(.unsupported, "the model embeds texts only")
    }

    public func countTokens(
        of text: String, pair: String?, flags: EmbedFlags, call: Call
    ) throws -> TokenCount {
        throw PluginError(.unsupported, "the model does not count tokens")
    }
}

extension VectorContext {
    public func embed(
        _ texts: [String], flags: EmbedFlags, into rows: Rows, call: Call
    ) throws {
        throw PluginError(.unsupported, "the model has no embeddings")
    }

    public func embed(
        tokens: [[Int32]], flags: EmbedFlags, into rows: Rows, call: Call
    ) throws {
        throw PluginError(.unsupported, "the model embeds texts only")
    }

    public func scores(query: String, documents: [String], call: Call) throws -> [Float] {
        throw PluginError(.unsupported, "the model scores no pairs")
    }

    public func classify(_ texts: [String], into rows: Rows, call: Call) throws {
        throw PluginError(.unsupported, "the model has no labels")
    }

    public func classify(
        _ texts: [String], pairs: [String], into rows: Rows, call: Call
    ) throws {
        throw PluginError(.unsupported, "the model has no labels for pairs")
    }
}

/// What a vector model can do.
public struct VectorCapabilities: Sendable {
    /// Floats per embedding; 0 when it embeds nothing.
    public var dimensions: Int
    /// The names of what `classify` tells apart; empty when it classifies nothing.
    public var labels: [String]
    /// The longest text; 0 when unknown.
    public var maxTokens: Int
    public var scoresPairs: Bool
    /// `embeddingTokens` works, and so does `embed(tokens:)` of a model that embeds.
    public var embedsTokens: Bool
    /// `classify(_:pairs:)` works, of a model that has labels.
    public var classifiesPairs: Bool
    /// `countTokens` works.
    public var countsTokens: Bool

    public init(
        dimensions: Int = 0, labels: [String] = [], maxTokens: Int = 0, scoresPairs: Bool = false,
        embedsTokens: Bool = false, classifiesPairs: Bool = false, countsTokens: Bool = false
    ) {
        self.dimensions = dimensions
        self.labels = labels
        self.maxTokens = maxTokens
        self.scoresPairs = scoresPairs
        self.embedsTokens = embedsTokens
        self.classifiesPairs = classifiesPairs
        self.countsTokens = countsTokens
    }
}
