import PluginABI

package struct TokenizeCall: ModelCall {
    package typealias Answer = [Int32]
    package static let step = CallStep.tokenize
    package static let isLane = false
    package var text: String
    package var flags: TokenizeFlags
    /// The bytes of a mixed text that hold no control tokens; nil for a text with a single author.
    package var plain: [Range<Int>]?

    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&text, &flags)
        var bounds = plain?.flatMap { [$0.lowerBound, $0.upperBound] }
        try wire.pass(&bounds)
        plain = try bounds.map(Self.ranges)
    }

    private static func ranges(_ bounds: [Int]) throws -> [Range<Int>] {
        guard bounds.count % 2 == 0, zip(bounds, bounds.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            throw WireError.value("ranges of a text that do not ascend")
        }
        return stride(from: 0, to: bounds.count, by: 2).map { bounds[$0]..<bounds[$0 + 1] }
    }

    package var largestAnswer: Int { tokenLimit(of: text) + 4 }

    package func limit(_ limits: WorkerLimits) -> Duration? { limits.tokenize }

    package func check(on host: HostSide) throws {
        _ = try supported(host.vocabulary, else: "the model has no tokenizer")
    }

    package func result(_ ids: [Int32], on host: HostSide) throws -> [Int32] {
        let count = host.vocabulary?.count ?? 0
        if let wrong = ids.first(where: { $0 < 0 || $0 >= count }) {
            throw ModelFailure.broken(
                step: Self.step.name, reason: "token id \(wrong), expected 0 to \(count - 1)")
        }
        return ids
    }
}

// MARK: - In the plugin

extension TokenizeCall {
    package func perform(on plugin: PluginSide) throws -> [Int32] {
        guard let plain else { return try ids(of: text, flags, on: plugin) }
        if let tokenize = plugin.model.tokens?.tokenize_mixed {
            return try mixedIDs(plain, on: plugin, tokenize)
        }
        let vocabulary = try supported(plugin.model.vocabulary, else: "no vocabulary")
        return try MixedText(text, plain: plain, vocabulary).pieces.flatMap {
            try ids(of: $0.text, $0.isPlain ? [] : .parseSpecial, on: plugin)
        }
    }

    private func ids(
        of text: String, _ flags: TokenizeFlags, on plugin: PluginSide
    ) throws -> [Int32] {
        let tokenize = try supported(
            plugin.model.tokens?.tokenize, else: "the model has no tokenizer")
        return try plugin.tokenIDs(of: text, Self.step) { text, sink, call in
            tokenize(plugin.model.model, text, flags.rawValue, sink, call)
        }
    }

    private typealias TokenizeMixed = (
        OpaquePointer?, roost_str, UnsafePointer<roost_range>?, UInt32, UInt32, roost_sink,
        UnsafePointer<roost_call>?
    ) -> roost_status

    private func mixedIDs(
        _ plain: [Range<Int>], on plugin: PluginSide, _ tokenize: TokenizeMixed
    ) throws -> [Int32] {
        let ranges = plain.map {
            roost_range(start: UInt64($0.lowerBound), end: UInt64($0.upperBound))
        }
        return try plugin.tokenIDs(of: text, Self.step) { text, sink, call in
            tokenize(
                plugin.model.model, text, ranges, UInt32(ranges.count), flags.rawValue, sink, call)
        }
    }
}

extension PluginSide {
    /// The ids that a call gives for a text; unchecked.
    func tokenIDs(
        of text: String, _ step: CallStep,
        _ body: (roost_str, roost_sink, UnsafePointer<roost_call>) -> roost_status
    ) throws -> [Int32] {
        let bytes = try OutputSink.collect(step, limit: tokenLimit(of: text)) { sink in
            try text.withPluginString { text in try call(step) { body(text, sink, $0) } }
        }
        guard bytes.count % MemoryLayout<Int32>.size == 0 else {
            throw ModelFailure.broken(
                step: step.name, reason: "\(bytes.count) bytes are not whole token ids")
        }
        return bytes.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
    }
}

/// Bytes that the ids of a text may take: some for each byte of it, and for what a tokenizer adds.
func tokenLimit(of text: String) -> Int {
    let (idsPerByte, extraIDs) = (4, 1024)
    return (text.utf8.count * idsPerByte + extraIDs) * MemoryLayout<Int32>.size
}

// MARK: - For the engine

extension LoadedModel {
    /// Turns text into token ids, each of them below `vocabulary.count`. From any thread.
    package func tokenize(
        _ text: String, addSpecial: Bool, parseSpecial: Bool
    ) throws -> [Int32] {
        var flags: TokenizeFlags = []
        if addSpecial { flags.insert(.addSpecial) }
        if parseSpecial { flags.insert(.parseSpecial) }
        return try call(TokenizeCall(text: text, flags: flags, plain: nil))
    }

    /// Turns a text with control tokens into ids. The bytes `plain` of its UTF-8, in ascending,
    /// disjoint ranges, were written by somebody else: a control token that includes one of them is
    /// plain characters. From any thread.
    package func tokenize(mixed text: String, plain: [Range<Int>]) throws -> [Int32] {
        try call(TokenizeCall(text: text, flags: .parseSpecial, plain: plain))
    }
}
