/// The first calls of a text model's context: they bring its weights into memory, and check whether
/// the calls on sequences do what they claim. One that does not would later answer a request from
/// another request's prefix, unnoticed.
struct DecodingCheck {
    private let model: any LoadedModel
    private let capabilities: DecodeCapabilities
    private let encoder: EncoderCapabilities?
    /// The common first token of all sequences here, and two different second ones: calls that keep
    /// what they should forget show only if the tokens differ.
    private let first, second, third: Int32
    /// The positions that a sequence gets: two, if it may have that many.
    private let length: Int
    private let limit: Duration

    /// - Parameter limit: for each call that computes.
    init?(_ model: any LoadedModel, limit: Duration) {
        guard let capabilities = model.description.decode else { return nil }
        self.model = model
        self.capabilities = capabilities
        encoder = model.description.encoder
        first = encoder?.decoderStart ?? model.vocabulary?.bos ?? 0
        let others = Self.ordinaryTokens(of: model, capabilities, besides: first)
        second = others.first ?? first
        third = others.last ?? first
        length = min(2, capabilities.contextLength)
        self.limit = limit
    }

    /// - Returns: two text tokens, if there are any.
    private static func ordinaryTokens(
        of model: any LoadedModel, _ capabilities: DecodeCapabilities, besides first: Int32
    ) -> [Int32] {
        let vocabulary = model.vocabulary
        let count = min(vocabulary?.count ?? .max, capabilities.vocabularySize)
        let others = (0..<Int32(count)).lazy.filter { $0 != first }
        let ordinary = others.filter { vocabulary?.attributes(of: $0).isEmpty ?? true }
        let found = Array(ordinary.prefix(2))
        return found.count == 2 ? found : Array(others.prefix(2))
    }

    /// - Returns: what the model claims but cannot do; the engine does without it.
    /// - Throws: `.broken` with the call that violates the contract. Otherwise all sequences are
    ///   empty.
    func run() throws -> [String] {
        if encoder != nil { try checkSource() }
        let row = try fill(0, with: [first, second])
        try expect(length, in: 0, after: .forward)
        if capabilities.sequences > 1 {
            let other = try fill(1, with: [first, third])
            try checkClearing(0, with: [first, third], like: other)
            try checkClearing(1, with: [first, second], like: row)
            try empty(1)
        } else {
            try checkClearing(0, with: [first, third])
        }
        let refusals = try checkBeginnings(row)
        if capabilities.sequences > 1 {
            try empty(1)
        } else {
            try checkClearing(0, with: [first, second], like: row)
        }
        try empty(0)
        return refusals
    }
}

// MARK: - Sequences

extension DecodingCheck {
    /// What keeps the beginning of sequence 0, which holds the first and the third token, for another end.
    ///
    /// - Parameter row: what the first and the second token gave.
    /// - Returns: how the model refuses what it says it can.
    private func checkBeginnings(_ row: [Float]) throws -> [String] {
        var refusals: [String?] = []
        if capabilities.flags.contains(.fork), capabilities.sequences > 1 {
            refusals.append(try checkFork(row))
        }
        if capabilities.flags.contains(.truncateAny), length > 1 {
            refusals.append(try checkTruncation(row))
        }
        return refusals.compactMap { $0 }
    }

    private func checkFork(_ row: [Float]) throws -> String? {
        let refusal = try refusal(of: .fork) { try model.fork(0, to: 1, length: 1) }
        if let refusal { return refusal }
        try expect(length, in: 0, after: .fork)
        try expect(1, in: 1, after: .fork)
        if length > 1 { try goOn(1, like: row, after: .fork) }
        return nil
    }

    private func checkTruncation(_ row: [Float]) throws -> String? {
        let refusal = try refusal(of: .truncate) { try model.truncate(0, to: 1) }
        if let refusal { return refusal }
        try expect(1, in: 0, after: .truncate)
        try goOn(0, like: row, after: .truncate)
        return nil
    }

    /// Fills again a sequence that holds something else.
    ///
    /// - Parameter row: what a sequence that held nothing gave.
    private func checkClearing(
        _ sequence: Int, with tokens: [Int32], like row: [Float]? = nil
    ) throws {
        try empty(sequence)
        let found = try refusing(
            .clear, "the sequence takes nothing at position 0 afterwards"
        ) { try fill(sequence, with: tokens) }
        if let row { try compare(found, with: row, after: .clear) }
    }

    private func empty(_ sequence: Int) throws {
        try clear(sequence)
        try expect(0, in: sequence, after: .clear)
    }

    /// - Parameter sequence: is empty.
    private func fill(_ sequence: Int, with tokens: [Int32]) throws -> [Float] {
        if encoder != nil { try model.encode(source, into: sequence, deadline: limit) }
        return try feed(tokens, to: sequence)
    }

    private func clear(_ sequence: Int) throws {
        if let refusal = try refusal(of: .clear, { try model.clear(sequence) }) {
            throw broken(.clear, refusal)
        }
    }

    /// Feeds the second token to a sequence that is to hold the first alone.
    private func goOn(_ sequence: Int, like row: [Float], after step: CallStep) throws {
        let found = try refusing(step, "the sequence takes nothing at position 1 afterwards") {
            try feed([second], to: sequence, at: 1)
        }
        try compare(found, with: row, after: step)
    }

    private func compare(_ found: [Float], with row: [Float], after step: CallStep) throws {
        let finite = row.filter(\.isFinite)
        let range = (finite.max() ?? 0) - (finite.min() ?? 0)
        let slack = isInvariant ? 0 : Self.rounding * range
        let isSame = zip(found, row).allSatisfy {
            $0 == $1 || abs($0 - $1) <= max(slack, 1e-3 * max(1, abs($1)))
        }
        guard !isSame else { return }
        throw broken(
            step, "the same tokens have other logits afterwards, expected those of before")
    }

    private var isInvariant: Bool { capabilities.flags.contains(.batchInvariant) }

    /// How much the same rows in equal batches may differ, as a share of the range of their logits,
    /// unless the model claims that they do not. Another token makes more of a difference.
    private static let rounding: Float = 0.05

    /// Compares with what `seq_len` says, where there is one.
    private func expect(_ expected: Int, in sequence: Int, after step: CallStep) throws {
        let found: Int
        do {
            found = try model.sequenceLength(sequence)
        } catch ModelFailure.refused(.unsupported, _, _) {
            return
        } catch ModelFailure.refused(_, _, let message) {
            throw broken(.length, "it is refused: \(message)")
        }
        guard found != expected else { return }
        throw broken(
            step,
            "seq_len of sequence \(sequence) is \(found) afterwards, expected \(expected)")
    }
}

// MARK: - Sources

extension DecodingCheck {
    private var source: [Int32] { [model.vocabulary?.eos ?? 0] }

    /// Checks that clearing a sequence clears its source too, and that a source makes a difference.
    private func checkSource() throws {
        try model.encode(source, into: 0, deadline: limit)
        try expect(0, in: 0, after: .encode)
        let one = try refusing(.encode, "forward refuses the sequence afterwards") {
            try feed([first], to: 0)
        }
        try clear(0)
        try expect(0, in: 0, after: .clear)
        let two = try refusing(.clear, "the sequence reads no other source") {
            try model.encode(source + source, into: 0, deadline: limit)
            return try feed([first], to: 0)
        }
        if one == two { try checkThatSourcesCount() }
        try clear(0)
    }

    /// Some models give the same logits for two short sources; a sequence that has read none must
    /// be refused.
    private func checkThatSourcesCount() throws {
        try clear(0)
        do {
            _ = try feed([first], to: 0)
        } catch ModelFailure.refused {
            return
        }
        throw broken(
            .encode,
            "the logits are the same for two sources and for none, expected forward to refuse a "
                + "sequence without a source")
    }
}

// MARK: - Calls

extension DecodingCheck {
    /// Feeds as many of the tokens as a sequence takes; one by one, so that all batches are alike, unless the
    /// model says that it makes no difference.
    ///
    /// - Returns: the last row's logits.
    private func feed(
        _ tokens: [Int32], to sequence: Int, at position: Int = 0
    ) throws -> [Float] {
        let count = min(tokens.count, length)
        let size = isInvariant ? min(count, capabilities.batchSize) : 1
        var row: [Float] = []
        for start in stride(from: 0, to: count, by: size) {
            var batch = Batch()
            for offset in start..<min(start + size, count) {
                batch.append(
                    token: tokens[offset], sequence: sequence, position: position + offset,
                    wantsLogits: offset == count - 1)
            }
            let rows = try model.forward(batch, deadline: limit)
            if rows.count > 0 { row = Array(rows[0]) }
        }
        guard !row.contains(where: \.isNaN) else {
            throw broken(.forward, "logits that are not numbers")
        }
        return row
    }

    /// - Returns: the refusal of a call; nil if it was not refused.
    private func refusal(of step: CallStep, _ call: () throws -> Void) throws -> String? {
        do {
            try call()
            return nil
        } catch let failure as ModelFailure {
            guard case .refused(_, _, let message) = failure, !failure.isFatal else {
                throw failure
            }
            return "\(step.name) is refused: \(message)"
        }
    }

    /// Makes calls whose refusal shows that an earlier one did nothing.
    private func refusing<Result>(
        _ step: CallStep, _ reason: String, _ call: () throws -> Result
    ) throws -> Result {
        do {
            return try call()
        } catch ModelFailure.refused(_, _, let message) {
            throw broken(step, "\(reason): \(message)")
        }
    }

    private func broken(_ step: CallStep, _ reason: String) -> ModelFailure {
        .broken(step: step.name, reason: reason)
    }
}
