import PluginABI

/// Asks for the ids that the model would embed for some texts.
package struct EmbedTokenizeCall: ModelCall {
    package typealias Answer = [[Int32]]
    package static let step = CallStep.embedTokenize
    package static let isLane = false
    package var texts: [String]
    package var flags: EmbedFlags

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&texts, &flags) }

    package var largestAnswer: Int { texts.reduce(4) { $0 + tokenLimit(of: $1) + 4 } }

    package func limit(_ limits: WorkerLimits) -> Duration? { limits.tokenize }

    package func check(on host: HostSide) throws {
        guard host.description.vectors?.tokenizes == true else {
            throw ModelFailure.unsupported("the model does not say what its tokens are")
        }
        try Frame.check(texts: texts)
    }

    package func perform(on plugin: PluginSide) throws -> [[Int32]] {
        let tokenize = try supported(plugin.model.vectors?.embed_tokenize, else: noFunction)
        return try texts.map { text in
            try plugin.tokenIDs(of: text, Self.step) {
                tokenize(plugin.model.model, $0, flags.rawValue, $1, $2)
            }
        }
    }

    package func result(_ ids: [[Int32]], on host: HostSide) throws -> [[Int32]] {
        try checkCount(ids.count, of: texts)
        for ids in ids { try host.description.requiredVectors.check(answer: ids, step: Self.step) }
        return ids
    }
}

/// Counts the tokens of some texts.
package struct CountTokensCall: ModelCall {
    package typealias Answer = [TokenCount]
    package static let step = CallStep.countTokens
    package static let isLane = false
    package var texts: [String]
    package var companions: Companions
    package var flags: EmbedFlags

    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&texts, &companions, &flags)
    }

    package var largestAnswer: Int { 4 + 8 * texts.count }

    package func limit(_ limits: WorkerLimits) -> Duration? { limits.tokenize }

    package func check(on host: HostSide) throws {
        try host.description.requiredVectors.check(counting: texts, with: companions)
    }

    package func perform(on plugin: PluginSide) throws -> [TokenCount] {
        try texts.enumerated().map { index, text in
            switch companions {
            case .none: try count(text, beside: nil, on: plugin)
            case .query(let query): try count(query, beside: text, on: plugin)
            case .pairs(let pairs): try count(text, beside: pairs[index], on: plugin)
            }
        }
    }

    private func count(
        _ text: String, beside pair: String?, on plugin: PluginSide
    ) throws -> TokenCount {
        let count = try supported(plugin.model.vectors?.count_tokens, else: noFunction)
        var (read, whole) = (UInt32(0), UInt32(0))
        try text.withPluginString { text in
            try (pair.map { [$0] } ?? []).withPluginStrings { pairs in
                try plugin.call(Self.step) {
                    count(
                        plugin.model.model, text, pair == nil ? nil : pairs, flags.rawValue, &read,
                        &whole, $0)
                }
            }
        }
        return TokenCount(whole: Int(whole), read: Int(read))
    }

    package func result(_ counts: [TokenCount], on host: HostSide) throws -> [TokenCount] {
        try checkCount(counts.count, of: texts)
        for count in counts { try host.description.requiredVectors.check(answer: count) }
        return counts
    }
}

package struct EmbedCall: RowsCall {
    package static let step = CallStep.embed
    package var batch: EmbeddingBatch
    package var flags: EmbedFlags

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&batch, &flags) }

    package func check(on host: HostSide) throws {
        try host.description.requiredVectors.check(batch)
    }

    package func shape(for model: ModelDescription) throws -> (count: Int, width: Int) {
        (batch.count, try model.requiredVectors.dimensions)
    }

    package func perform(on plugin: PluginSide) throws {
        let out = try rows(on: plugin)
        let (context, flags) = (plugin.model.context, flags.rawValue)
        switch batch {
        case .texts(let texts):
            let embed = try supported(plugin.model.vectors?.embed, else: noFunction)
            try plugin.fill(out, Self.step) { rows, call in
                texts.withPluginStrings { embed(context, $0, UInt32(out.count), flags, rows, call) }
            }
        case .tokens(let texts):
            let embed = try supported(plugin.model.vectors?.embed_tokens, else: noFunction)
            let tokens = Array(texts.joined())
            let offsets = texts.reduce(into: [UInt32(0)]) {
                $0.append($0[$0.count - 1] + UInt32($1.count))
            }
            try plugin.fill(out, .embedTokens) { rows, call in
                embed(context, tokens, offsets, UInt32(out.count), flags, rows, call)
            }
        }
    }
}

package struct ScoreCall: ModelCall {
    package typealias Answer = [Float]
    package static let step = CallStep.scorePairs
    package var query: String
    package var documents: [String]

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&query, &documents) }

    package var largestAnswer: Int { 4 + 4 * documents.count }

    package func check(on host: HostSide) throws {
        try host.description.requiredVectors.check(query: query, documents: documents)
    }

    package func perform(on plugin: PluginSide) throws -> [Float] {
        let score = try supported(plugin.model.vectors?.score_pairs, else: noFunction)
        var scores = [Float](repeating: .nan, count: documents.count)
        try query.withPluginString { query in
            try documents.withPluginStrings { documents in
                try plugin.call(Self.step) {
                    score(plugin.model.context, query, documents, UInt32(scores.count), &scores, $0)
                }
            }
        }
        return scores
    }

    package func result(_ scores: [Float], on host: HostSide) throws -> [Float] {
        try checkCount(scores.count, of: documents)
        return scores
    }
}

/// Labels texts, or pairs of texts.
package struct ClassifyCall: RowsCall {
    package static let step = CallStep.classify
    package var texts: [String]
    package var pairs: [String]?

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&texts, &pairs) }

    package func check(on host: HostSide) throws {
        try host.description.requiredVectors.check(classifying: texts, pairs: pairs)
    }

    package func shape(for model: ModelDescription) throws -> (count: Int, width: Int) {
        (texts.count, try model.requiredVectors.labels.count)
    }

    package func perform(on plugin: PluginSide) throws {
        let out = try rows(on: plugin)
        let (context, count) = (plugin.model.context, UInt32(out.count))
        if let pairs {
            let classify = try supported(plugin.model.vectors?.classify_pairs, else: noFunction)
            try plugin.fill(out, .classifyPairs) { rows, call in
                texts.withPluginStrings { texts in
                    pairs.withPluginStrings { classify(context, texts, $0, count, rows, call) }
                }
            }
        } else {
            let classify = try supported(plugin.model.vectors?.classify, else: noFunction)
            try plugin.fill(out, Self.step) { rows, call in
                texts.withPluginStrings { classify(context, $0, count, rows, call) }
            }
        }
    }
}

// MARK: - What they have in common

private let noFunction = "the model has no vectors"

extension ModelCall {
    fileprivate func checkCount(_ found: Int, of texts: [String]) throws {
        guard found == texts.count else {
            throw ModelFailure.broken(
                step: Self.step.name, reason: "\(found) answers to \(texts.count) texts")
        }
    }
}

extension PluginSide {
    /// Makes a call that writes rows.
    fileprivate func fill(
        _ out: RowBuffer, _ step: CallStep,
        _ body: (UnsafeMutablePointer<roost_rows>, UnsafePointer<roost_call>) -> roost_status
    ) throws {
        out.clear()
        var rows = out.pluginRows
        try call(step) { body(&rows, $0) }
        try out.check(rows, step)
    }
}

extension [String] {
    /// Lends the strings to a plugin for the duration of `body`.
    fileprivate func withPluginStrings<Result>(
        _ body: (UnsafePointer<roost_str>?) throws -> Result
    ) rethrows -> Result {
        var bytes: [CChar] = []
        bytes.reserveCapacity(reduce(0) { $0 + $1.utf8.count })
        for text in self { bytes.append(contentsOf: text.utf8.lazy.map(CChar.init(bitPattern:))) }
        return try bytes.withUnsafeBufferPointer { bytes in
            var next = bytes.baseAddress
            let strings = map { text in
                defer { next = next.map { $0 + text.utf8.count } }
                return roost_str(ptr: next, len: UInt64(text.utf8.count))
            }
            return try strings.withUnsafeBufferPointer { try body($0.baseAddress) }
        }
    }
}

// MARK: - For the engine

extension LoadedModel {
    /// The ids that `embed` would embed for each text, after prefix, special tokens and cut. From
    /// any thread.
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
    package func scores(query: String, documents: [String], deadline: Duration?) throws -> [Float] {
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

// MARK: - On the wire

extension EmbeddingBatch: WireMessage {
    package mutating func pass(_ wire: inout Wire) throws {
        var (texts, tokens): ([String]?, [[Int32]]?)
        switch self {
        case .texts(let own): texts = own
        case .tokens(let own): tokens = own
        }
        try wire.pass(&texts, &tokens)
        self = tokens.map { .tokens($0) } ?? .texts(texts ?? [])
    }
}

extension Companions: WireMessage {
    package mutating func pass(_ wire: inout Wire) throws {
        var (query, pairs): (String?, [String]?)
        switch self {
        case .none: break
        case .query(let own): query = own
        case .pairs(let own): pairs = own
        }
        try wire.pass(&query, &pairs)
        self = query.map { .query($0) } ?? pairs.map { .pairs($0) } ?? .none
    }
}

extension TokenCount: WireValue {
    package init() { self.init(whole: 0, read: 0) }

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&whole, &read) }
}

extension VectorCapabilities: WireValue {
    package init() { self.init(dimensions: 0) }

    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&dimensions, &labels, &maxTokens)
        try wire.pass(&scoresPairs, &tokenizes, &embedsTokens)
        try wire.pass(&classifiesPairs, &countsTokens)
        if wire.isRead { try check() }
    }
}
