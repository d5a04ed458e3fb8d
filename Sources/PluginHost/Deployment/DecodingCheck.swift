/// The first calls of a text model's context: they bring its weights into memory, and show whether the calls
/// on sequences do what they say. One that does not would later give a request the answer to another's
/// beginning, with nothing to tell it by.
struct DecodingCheck {
    private let model: any LoadedModel
    private let capabilities: DecodeCapabilities
    private let encoder: EncoderCapabilities?
    /// What every sequence here consists of.
    private let token: Int32
    /// Positions that a sequence gets: two, where it may have so many.
    private let length: Int
    private let limit: Duration

    /// - Parameter limit: of each call that computes.
    init?(_ model: any LoadedModel, limit: Duration) {
        guard let capabilities = model.description.decode else { return nil }
        self.model = model
        self.capabilities = capabilities
        encoder = model.description.encoder
        token = encoder?.decoderStart ?? model.vocabulary?.bos ?? 0
        length = min(2, capabilities.contextLength)
        self.limit = limit
    }

    /// - Returns: what the model cannot do although it says so; the engine does without it.
    /// - Throws: `.broken` with the call that is not as the contract has it. Otherwise all sequences are
    ///   empty.
    func run() throws -> [String] {
        if encoder != nil { try checkSource() }
        let row = try feed(length, to: 0, at: 0)
        try expect(length, in: 0, after: .forward)
        var refusals: [String?] = []
        if capabilities.flags.contains(.fork), capabilities.sequences > 1 {
            refusals.append(try checkFork(row))
        }
        if capabilities.flags.contains(.truncateAny), length > 1 {
            refusals.append(try checkTruncation(row))
        }
        for sequence in 0..<min(2, capabilities.sequences) { try checkClearing(sequence) }
        return refusals.compactMap { $0 }
    }
}

// MARK: - Sequences

extension DecodingCheck {
    /// - Parameter row: what the whole sequence gave.
    /// - Returns: how the model refuses what it says it can.
    private func checkFork(_ row: [Float]) throws -> String? {
        let refusal = try refusal(of: .fork) { try model.fork(0, to: 1, length: 1) }
        if let refusal { return refusal }
        try expect(length, in: 0, after: .fork)
        let isKnown = try expect(1, in: 1, after: .fork)
        if length > 1 { try goOn(1, like: row, after: .fork, isKnown) }
        return nil
    }

    private func checkTruncation(_ row: [Float]) throws -> String? {
        let refusal = try refusal(of: .truncate) { try model.truncate(0, to: 1) }
        if let refusal { return refusal }
        let isKnown = try expect(1, in: 0, after: .truncate)
        try goOn(0, like: row, after: .truncate, isKnown)
        return nil
    }

    private func checkClearing(_ sequence: Int) throws {
        try clear(sequence)
        if try expect(0, in: sequence, after: .clear) || encoder != nil { return }
        _ = try refusing(.clear, "the sequence takes nothing at position 0 afterwards") {
            try feed(1, to: sequence, at: 0)
        }
        try clear(sequence)
    }

    private func clear(_ sequence: Int) throws {
        if let refusal = try refusal(of: .clear, { try model.clear(sequence) }) {
            throw broken(.clear, refusal)
        }
    }

    /// Feeds the second token of a sequence that has one position: with what stands before it unchanged, the
    /// logits are the same.
    ///
    /// - Parameter isKnown: the model has said that the sequence has one position.
    private func goOn(
        _ sequence: Int, like row: [Float], after step: CallStep, _ isKnown: Bool
    ) throws {
        let isInvariant = capabilities.flags.contains(.batchInvariant)
        if isKnown, !isInvariant { return }
        let again = try refusing(step, "the sequence takes nothing at position 1 afterwards") {
            try feed(1, to: sequence, at: 1)
        }
        let isSame = zip(again, row).allSatisfy {
            $0 == $1 || abs($0 - $1) <= 1e-3 * max(1, abs($1))
        }
        guard isInvariant, !isSame else { return }
        throw broken(
            step, "the same tokens have other logits afterwards, expected those of before")
    }

    /// Compares with what `seq_len` says.
    ///
    /// - Returns: false where there is none.
    @discardableResult
    private func expect(_ expected: Int, in sequence: Int, after step: CallStep) throws -> Bool {
        let found: Int
        do {
            found = try model.sequenceLength(sequence)
        } catch ModelFailure.refused(.unsupported, _, _) {
            return false
        } catch ModelFailure.refused(_, _, let message) {
            throw broken(.length, "it is refused: \(message)")
        }
        guard found != expected else { return true }
        throw broken(
            step,
            "seq_len of sequence \(sequence) is \(found) afterwards, expected \(expected)")
    }
}

// MARK: - Sources

extension DecodingCheck {
    /// What a sequence has read is forgotten with it, and makes a difference.
    private func checkSource() throws {
        let source = [model.vocabulary?.eos ?? 0]
        try model.encode(source, into: 0, deadline: limit)
        try expect(0, in: 0, after: .encode)
        let first = try refusing(.encode, "forward refuses the sequence afterwards") {
            try feed(1, to: 0, at: 0)
        }
        try clear(0)
        try expect(0, in: 0, after: .clear)
        let second = try refusing(.clear, "the sequence reads no other source") {
            try model.encode(source + source, into: 0, deadline: limit)
            return try feed(1, to: 0, at: 0)
        }
        if first == second { try checkThatSourcesCount() }
        try clear(0)
        try model.encode(source, into: 0, deadline: limit)
    }

    /// Some models give the same for two short sources; those that have read none must refuse.
    private func checkThatSourcesCount() throws {
        try clear(0)
        do {
            _ = try feed(1, to: 0, at: 0)
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
    /// - Returns: the last row's logits.
    private func feed(_ count: Int, to sequence: Int, at position: Int) throws -> [Float] {
        let size = min(count, capabilities.batchRows)
        var row: [Float] = []
        for start in stride(from: 0, to: count, by: size) {
            var batch = DecodeBatch()
            for offset in start..<min(start + size, count) {
                batch.append(
                    token: token, sequence: sequence, position: position + offset,
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

    /// - Returns: what a call was refused with; nil when it was not.
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
