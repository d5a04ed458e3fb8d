/// A text that one hand wrote, for its ids.
package struct TokenizeCall: ModelCall {
    package static let step = CallStep.tokenize
    package static let isLane = false
    package let text: String
    package let flags: TokenizeFlags
    /// The bytes of a mixed text that hold no control tokens; nil for a text that one hand wrote.
    package let plain: [Range<Int>]?

    package var largestAnswer: Int { tokenLimit(of: text) + 4 }

    package func limit(_ limits: WorkerLimits) -> Duration? { limits.tokenize }

    package func check(for model: any LoadedModel) throws {
        guard model.vocabulary != nil else {
            throw ModelFailure.unsupported("the model has no tokenizer")
        }
    }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws -> [Int32] {
        if let plain {
            return try model.tokenize(mixed: text, plain: plain, trace: call.trace)
        }
        return try model.tokenize(text, flags, trace: call.trace)
    }

    package func result(
        _ ids: [Int32], in memory: any LaneMemory, of model: any LoadedModel
    ) throws -> [Int32] {
        let count = model.vocabulary?.count ?? 0
        if let wrong = ids.first(where: { $0 < 0 || $0 >= count }) {
            throw ModelFailure.broken(
                step: Self.step.name, reason: "token id \(wrong), expected 0 to \(count - 1)")
        }
        return ids
    }
}

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

    /// Turns a text with control tokens into ids, of which somebody else wrote the bytes `plain` of its
    /// UTF-8, in ranges that ascend and lie apart: a control token that has one of them is characters.
    /// From any thread.
    package func tokenize(mixed text: String, plain: [Range<Int>]) throws -> [Int32] {
        try call(TokenizeCall(text: text, flags: .parseSpecial, plain: plain))
    }
}

// MARK: - On the wire

extension TokenizeCall {
    package func write(to writer: inout WireWriter) {
        writer.write(flags.rawValue)
        writer.write(text)
        writer.write(optional: plain) { writer, plain in
            writer.write(plain.flatMap { [Int64($0.lowerBound), Int64($0.upperBound)] })
        }
    }

    package init(from reader: inout WireReader) throws {
        flags = TokenizeFlags(rawValue: try reader.read())
        text = try reader.read()
        plain = try reader.readOptional { try Self.ranges(try $0.read()) }
    }

    private static func ranges(_ bounds: [Int64]) throws -> [Range<Int>] {
        guard bounds.count % 2 == 0, zip(bounds, bounds.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            throw WireError.value("ranges of a text that do not ascend")
        }
        return stride(from: 0, to: bounds.count, by: 2).map {
            Int(bounds[$0])..<Int(bounds[$0 + 1])
        }
    }

    package static func write(_ ids: [Int32], to writer: inout WireWriter) {
        writer.write(ids)
    }

    package static func readAnswer(from reader: inout WireReader) throws -> [Int32] {
        try reader.read()
    }
}
