/// Texts, for the ids that the model would embed.
package struct EmbedTokenizeCall: ModelCall {
    package static let step = CallStep.embedTokenize
    package static let isLane = false
    package let texts: [String]
    package let flags: EmbedFlags

    package var largestAnswer: Int { texts.reduce(4) { $0 + tokenLimit(of: $1) + 4 } }

    package func limit(_ limits: WorkerLimits) -> Duration? { limits.tokenize }

    package func check(for model: any LoadedModel) throws {
        guard model.description.vectors?.tokenizes == true else {
            throw ModelFailure.unsupported("the model does not say what its tokens are")
        }
        try Frame.check(texts: texts)
    }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws -> [[Int32]] {
        try texts.map { try model.embeddingTokens(of: $0, flags: flags, trace: call.trace) }
    }

    package func result(
        _ ids: [[Int32]], in memory: any LaneMemory, of model: any LoadedModel
    ) throws -> [[Int32]] {
        try checkCount(ids.count, of: texts)
        let vectors = try model.description.requiredVectors
        for ids in ids { try vectors.check(answer: ids, step: Self.step) }
        return ids
    }
}

extension EmbedTokenizeCall {
    package func write(to writer: inout WireWriter) {
        writer.write(flags.rawValue)
        writer.write(texts)
    }

    package init(from reader: inout WireReader) throws {
        flags = EmbedFlags(rawValue: try reader.read())
        texts = try reader.read()
    }

    package static func write(_ ids: [[Int32]], to writer: inout WireWriter) {
        writer.write(ids)
    }

    package static func readAnswer(from reader: inout WireReader) throws -> [[Int32]] {
        try reader.read()
    }
}

/// Texts whose tokens are to be counted.
package struct CountTokensCall: ModelCall {
    package static let step = CallStep.countTokens
    package static let isLane = false
    package let texts: [String]
    package let companions: Companions
    package let flags: EmbedFlags

    package func limit(_ limits: WorkerLimits) -> Duration? { limits.tokenize }

    package func check(for model: any LoadedModel) throws {
        try model.description.requiredVectors.check(counting: texts, with: companions)
    }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws -> [TokenCount] {
        try model.countTokens(of: texts, with: companions, flags: flags, trace: call.trace)
    }

    package func result(
        _ counts: [TokenCount], in memory: any LaneMemory, of model: any LoadedModel
    ) throws -> [TokenCount] {
        try checkCount(counts.count, of: texts)
        let vectors = try model.description.requiredVectors
        for count in counts { try vectors.check(answer: count) }
        return counts
    }
}

extension CountTokensCall {
    package func write(to writer: inout WireWriter) {
        writer.write(flags.rawValue)
        writer.write(texts)
        switch companions {
        case .none: writer.write(0 as UInt8)
        case .query(let query):
            writer.write(1 as UInt8)
            writer.write(query)
        case .pairs(let pairs):
            writer.write(2 as UInt8)
            writer.write(pairs)
        }
    }

    package init(from reader: inout WireReader) throws {
        flags = EmbedFlags(rawValue: try reader.read())
        texts = try reader.read()
        switch try reader.read(UInt8.self) {
        case 0: companions = .none
        case 1: companions = .query(try reader.read())
        case 2: companions = .pairs(try reader.read())
        default: throw WireError.value("a kind of companions that is unknown")
        }
    }

    package static func write(_ counts: [TokenCount], to writer: inout WireWriter) {
        writer.write(counts.map { [UInt32(clamping: $0.whole), UInt32(clamping: $0.read)] })
    }

    package static func readAnswer(from reader: inout WireReader) throws -> [TokenCount] {
        try (reader.read() as [[UInt32]]).map { numbers in
            guard numbers.count == 2 else {
                throw WireError.value("\(numbers.count) numbers of tokens, expected two a text")
            }
            return TokenCount(whole: Int(numbers[0]), read: Int(numbers[1]))
        }
    }
}

package struct EmbedCall: ModelCall {
    package static let step = CallStep.embed
    package let batch: EmbeddingBatch
    package let flags: EmbedFlags

    package func check(for model: any LoadedModel) throws {
        try model.description.requiredVectors.check(batch)
    }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws {
        try model.embed(batch, flags: flags, into: try rows(memory, model.description), call)
    }

    package func result(
        _ answer: Void, in memory: any LaneMemory, of model: any LoadedModel
    ) throws -> FloatRows {
        try rows(memory, model.description).written
    }

    private func rows(_ memory: any LaneMemory, _ model: ModelDescription) throws -> RowBuffer {
        try memory.rows(batch.count, width: try model.requiredVectors.dimensions)
    }
}

extension EmbedCall {
    package func write(to writer: inout WireWriter) {
        writer.write(flags.rawValue)
        switch batch {
        case .texts(let texts):
            writer.write(false)
            writer.write(texts)
        case .tokens(let texts):
            writer.write(true)
            writer.write(texts)
        }
    }

    package init(from reader: inout WireReader) throws {
        flags = EmbedFlags(rawValue: try reader.read())
        batch = try reader.read() ? .tokens(try reader.read()) : .texts(try reader.read())
    }
}

package struct ScoreCall: ModelCall {
    package static let step = CallStep.scorePairs
    package let query: String
    package let documents: [String]

    package var largestAnswer: Int { 4 + 4 * documents.count }

    package func check(for model: any LoadedModel) throws {
        try model.description.requiredVectors.check(query: query, documents: documents)
    }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws -> [Float] {
        try model.scores(query: query, documents: documents, call)
    }

    package func result(
        _ scores: [Float], in memory: any LaneMemory, of model: any LoadedModel
    ) throws -> [Float] {
        try checkCount(scores.count, of: documents)
        return scores
    }
}

extension ScoreCall {
    package func write(to writer: inout WireWriter) {
        writer.write(query)
        writer.write(documents)
    }

    package init(from reader: inout WireReader) throws {
        query = try reader.read()
        documents = try reader.read()
    }

    package static func write(_ scores: [Float], to writer: inout WireWriter) {
        writer.write(scores.map(\.bitPattern))
    }

    package static func readAnswer(from reader: inout WireReader) throws -> [Float] {
        try (reader.read() as [UInt32]).map(Float.init(bitPattern:))
    }
}

/// Texts to be labelled, perhaps each with another.
package struct ClassifyCall: ModelCall {
    package static let step = CallStep.classify
    package let texts: [String]
    package let pairs: [String]?

    package func check(for model: any LoadedModel) throws {
        try model.description.requiredVectors.check(classifying: texts, pairs: pairs)
    }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws {
        try model.classify(texts, pairs: pairs, into: try rows(memory, model.description), call)
    }

    package func result(
        _ answer: Void, in memory: any LaneMemory, of model: any LoadedModel
    ) throws -> FloatRows {
        try rows(memory, model.description).written
    }

    private func rows(_ memory: any LaneMemory, _ model: ModelDescription) throws -> RowBuffer {
        try memory.rows(texts.count, width: try model.requiredVectors.labels.count)
    }
}

extension ClassifyCall {
    package func write(to writer: inout WireWriter) {
        writer.write(texts)
        writer.write(optional: pairs) { $0.write($1) }
    }

    package init(from reader: inout WireReader) throws {
        texts = try reader.read()
        pairs = try reader.readOptional { try $0.read() }
    }
}

extension ModelCall {
    fileprivate func checkCount(_ found: Int, of texts: [String]) throws {
        guard found == texts.count else {
            throw ModelFailure.broken(
                step: Self.step.name, reason: "\(found) answers to \(texts.count) texts")
        }
    }
}

extension LoadedModel {
    /// The ids that `embed` would embed for each text, prefix, special tokens and cut included. From any
    /// thread.
    package func embeddingTokens(of texts: [String], flags: EmbedFlags) throws -> [[Int32]] {
        try call(EmbedTokenizeCall(texts: texts, flags: flags))
    }

    /// The ids of one text.
    package func embeddingTokens(of text: String, flags: EmbedFlags) throws -> [Int32] {
        try embeddingTokens(of: [text], flags: flags).first ?? []
    }

    /// The tokens of each text, or of each with its companion, as the model reads them. From any thread.
    package func countTokens(
        of texts: [String], with companions: Companions, flags: EmbedFlags
    ) throws -> [TokenCount] {
        try call(CountTokensCall(texts: texts, companions: companions, flags: flags))
    }

    /// A row of `dimensions` floats per text, at most `embeddingRows` of them, perhaps not numbers. Lane.
    ///
    /// - Returns: rows that are valid until the next call of the lane or `close`.
    /// - Throws: `ModelFailure`; after anything but `.refused` the model is to be discarded.
    package func embed(
        _ batch: EmbeddingBatch, flags: EmbedFlags, deadline: Duration?
    ) throws -> FloatRows {
        try call(EmbedCall(batch: batch, flags: flags), deadline: deadline)
    }

    /// A logit for each document, at most `embeddingRows`, perhaps not a number. Lane.
    package func scores(
        query: String, documents: [String], deadline: Duration?
    ) throws -> [Float] {
        try call(ScoreCall(query: query, documents: documents), deadline: deadline)
    }

    /// A row of a logit for each label per text, or per text and the one of `pairs` at its place; as
    /// `embed`. Lane.
    package func classify(
        _ texts: [String], pairs: [String]? = nil, deadline: Duration?
    ) throws -> FloatRows {
        try call(ClassifyCall(texts: texts, pairs: pairs), deadline: deadline)
    }
}

// MARK: - What a model says of it

extension WireWriter {
    mutating func write(_ capabilities: VectorCapabilities) {
        write(capabilities.dimensions)
        write(capabilities.labels)
        write(capabilities.maxTokens)
        write(capabilities.scoresPairs)
        write(capabilities.tokenizes)
        write(capabilities.embedsTokens)
        write(capabilities.classifiesPairs)
        write(capabilities.countsTokens)
    }
}

extension VectorCapabilities {
    init(from reader: inout WireReader) throws {
        self.init(
            dimensions: try reader.read(), labels: try reader.read(),
            maxTokens: try reader.read(), scoresPairs: try reader.read(),
            tokenizes: try reader.read(), embedsTokens: try reader.read(),
            classifiesPairs: try reader.read(), countsTokens: try reader.read())
        try check()
    }
}
