/// A model that is open and has one context: inside the host or in a worker process.
///
/// Calls block; none may run on Swift's cooperative pool. Calls tagged lane come from one thread at
/// a time, which may differ from call to call. Everything that a plugin answers has been checked
/// before it is returned from here.
package protocol LoadedModel: ImageModel {
    /// What the plugin says about itself and the model, copied at load.
    var description: ModelDescription { get }

    /// The vocabulary, copied at load; nil for a model without text.
    var vocabulary: Vocabulary? { get }

    /// The process that runs the plugin when it is not this one.
    var processID: Int32? { get }

    /// Turns text into token ids, each of them below `vocabulary.count`. From any thread.
    func tokenize(_ text: String, addSpecial: Bool, parseSpecial: Bool) throws -> [Int32]

    /// Turns a text with control tokens into ids, of which somebody else wrote the bytes `plain` of its
    /// UTF-8, in ranges that ascend and lie apart: a control token that has one of them is characters.
    /// From any thread.
    func tokenize(mixed text: String, plain: [Range<Int>]) throws -> [Int32]

    /// Appends the rows to their sequences and returns a row of logits for each row that wants one,
    /// in batch order. Lane.
    ///
    /// - Returns: rows that are valid until the next `forward` or `close`.
    /// - Throws: `ModelFailure`; after `.refused` every sequence is as before, unless its flags hold
    ///   `.sequencesLost`; after any other failure the model is to be discarded.
    func forward(_ batch: Batch, deadline: Duration?) throws -> FloatRows

    /// Reads a source as what a sequence, which is empty, then writes of. Lane.
    ///
    /// - Throws: `ModelFailure`; after `.refused` the sequence is as before; after any other failure the
    ///   model is to be discarded.
    func encode(_ source: [Int32], into sequence: Int, deadline: Duration?) throws

    /// The number of positions in a sequence. Lane.
    func sequenceLength(_ sequence: Int) throws -> Int

    /// Empties a sequence, which forgets its source too. Lane.
    func clear(_ sequence: Int) throws

    /// Keeps the first `length` positions of a sequence, and its source. Lane.
    func truncate(_ sequence: Int, to length: Int) throws

    /// Makes the empty sequence `destination` hold the first `length` positions of `source`, and what
    /// that reads from. Lane.
    func fork(_ source: Int, to destination: Int, length: Int) throws

    /// The ids that `embed` would embed for each text, prefix, special tokens and cut included. From any
    /// thread.
    func embeddingTokens(of texts: [String], flags: EmbedFlags) throws -> [[Int32]]

    /// A row of `dimensions` floats per text, at most `embeddingRows` of them, perhaps not numbers. Lane.
    ///
    /// - Returns: rows that are valid until the next call of the lane or `close`.
    /// - Throws: `ModelFailure`; after anything but `.refused` the model is to be discarded.
    func embed(
        _ batch: EmbeddingBatch, flags: EmbedFlags, deadline: Duration?
    ) throws -> FloatRows

    /// A logit for each document, at most `embeddingRows`, perhaps not a number. Lane.
    func scores(query: String, documents: [String], deadline: Duration?) throws -> [Float]

    /// A row of a logit for each label per text, or per text and the one of `pairs` at its place; as
    /// `embed`. Lane.
    func classify(_ texts: [String], pairs: [String]?, deadline: Duration?) throws -> FloatRows

    /// The tokens of each text, or of each with its companion, as the model reads them. From any thread.
    func countTokens(
        of texts: [String], with companions: Companions, flags: EmbedFlags
    ) throws -> [TokenCount]

    /// Starts a task, which must be ended. Lane.
    func beginTask(_ name: String, input: [UInt8], deadline: Duration?) throws -> TaskID

    /// Works on a task for about `limit`; refused once it is done or has failed. Lane.
    func advanceTask(_ id: TaskID, for limit: Duration, deadline: Duration?) throws -> TaskProgress

    /// Lets go of a task, whether or not it is done. Lane.
    func endTask(_ id: TaskID) throws

    /// Runs the plugin's own check on golden data; nil when it brings none. Lane.
    func selfTest(limit: Duration) throws -> SelfTestReport?

    /// Asks the lane call in flight to stop soon; without one it does nothing. From any thread.
    func requestCancel()

    /// Calls `handler` once if the model dies without being asked to, also while idle.
    func onDeath(_ handler: @escaping @Sendable (ModelFailure) -> Void)

    /// Has `handler` told of every call that the plugin refuses for a fault of its own or of the model's
    /// files, not of the caller's.
    func onRefusal(_ handler: @escaping @Sendable (ModelFailure) -> Void)

    /// Closes the model and ends its worker. Idempotent; no lane call may be in flight in-process.
    func close()
}

extension LoadedModel {
    package var processID: Int32? { nil }
    package func selfTest(limit: Duration) throws -> SelfTestReport? { nil }
    package func onDeath(_ handler: @escaping @Sendable (ModelFailure) -> Void) {}
    package func onRefusal(_ handler: @escaping @Sendable (ModelFailure) -> Void) {}
}

/// What a model without an encoder, vectors and tasks answers.
extension LoadedModel {
    package func encode(_ source: [Int32], into sequence: Int, deadline: Duration?) throws {
        throw ModelFailure.unsupported("the model has no encoder")
    }

    package func embeddingTokens(of texts: [String], flags: EmbedFlags) throws -> [[Int32]] {
        throw ModelFailure.unsupported("the model has no embeddings")
    }

    package func embed(
        _ batch: EmbeddingBatch, flags: EmbedFlags, deadline: Duration?
    ) throws -> FloatRows {
        throw ModelFailure.unsupported("the model has no embeddings")
    }

    package func scores(query: String, documents: [String], deadline: Duration?) throws -> [Float] {
        throw ModelFailure.unsupported("the model scores no pairs")
    }

    package func classify(
        _ texts: [String], pairs: [String]?, deadline: Duration?
    ) throws -> FloatRows {
        throw ModelFailure.unsupported("the model has no labels")
    }

    package func countTokens(
        of texts: [String], with companions: Companions, flags: EmbedFlags
    ) throws -> [TokenCount] {
        throw ModelFailure.unsupported("the model does not count tokens")
    }

    package func beginTask(_ name: String, input: [UInt8], deadline: Duration?) throws -> TaskID {
        throw ModelFailure.unsupported("the model has no tasks")
    }

    package func advanceTask(
        _ id: TaskID, for limit: Duration, deadline: Duration?
    ) throws -> TaskProgress {
        throw ModelFailure.unsupported("the model has no tasks")
    }

    package func endTask(_ id: TaskID) throws {
        throw ModelFailure.unsupported("the model has no tasks")
    }

    package func classify(_ texts: [String], deadline: Duration?) throws -> FloatRows {
        try classify(texts, pairs: nil, deadline: deadline)
    }

    /// The ids of one text.
    package func embeddingTokens(of text: String, flags: EmbedFlags) throws -> [Int32] {
        try embeddingTokens(of: [text], flags: flags).first ?? []
    }
}

/// What a plugin's self-test found.
package struct SelfTestReport: Sendable, Equatable {
    /// The plugin's report: `{"passed": bool, "checks": [...]}`.
    package let json: [UInt8]

    package init(json: [UInt8]) {
        self.json = json
    }
}
