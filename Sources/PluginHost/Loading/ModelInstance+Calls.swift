import PluginABI

// MARK: - Tokens

/// Ids per byte of text that a tokenizer may give, and some for what it adds.
private let idsPerByte = 4
private let extraIDs = 1024

extension ModelInstance {
    func tokenize(
        _ text: String, _ flags: TokenizeFlags, trace: CallTrace
    ) throws -> [Int32] {
        guard let tokenize = tokens?.tokenize else {
            throw ModelFailure.unsupported("the model has no tokenizer")
        }
        return try tokenIDs(of: text, trace: trace) { text, sink, call in
            tokenize(model, text, flags.rawValue, sink, call)
        }
    }

    /// The ids of a text whose control tokens count, but for those that have a byte of `plain`, whose
    /// ranges ascend and lie apart.
    func tokenize(mixed text: String, plain: [Range<Int>], trace: CallTrace) throws -> [Int32] {
        guard let vocabulary else { throw ModelFailure.unsupported("the model has no tokenizer") }
        guard let tokenize = tokens?.tokenize_mixed else {
            return try MixedText(text, plain: plain, vocabulary).pieces.flatMap { piece in
                try self.tokenize(
                    piece.text, piece.isPlain ? [] : .parseSpecial, trace: trace)
            }
        }
        let ranges = plain.map {
            roost_range(start: UInt64($0.lowerBound), end: UInt64($0.upperBound))
        }
        return try ranges.withUnsafeBufferPointer { ranges in
            try tokenIDs(of: text, trace: trace) { text, sink, call in
                tokenize(
                    model, text, ranges.baseAddress, UInt32(ranges.count),
                    TokenizeFlags.parseSpecial.rawValue, sink, call)
            }
        }
    }

    private func tokenIDs(
        of text: String, trace: CallTrace,
        _ body: (roost_str, roost_sink, UnsafePointer<roost_call>?) -> roost_status
    ) throws -> [Int32] {
        let bytes = try OutputSink.collect(.tokenize, limit: tokenLimit(of: text)) { sink in
            try text.withPluginString { text in
                try callPlugin(.tokenize, trace: trace) { body(text, sink, $0) }
            }
        }
        return try PluginHost.tokenIDs(bytes, step: .tokenize)
    }
}

/// Bytes that the ids of a text may take.
func tokenLimit(of text: String) -> Int {
    (text.utf8.count * idsPerByte + extraIDs) * MemoryLayout<Int32>.size
}

/// The ids that a plugin put out as bytes.
func tokenIDs(_ bytes: [UInt8], step: CallStep) throws -> [Int32] {
    guard bytes.count % MemoryLayout<Int32>.size == 0 else {
        throw ModelFailure.broken(
            step: step.name, reason: "\(bytes.count) bytes are not whole token ids")
    }
    return bytes.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
}

// MARK: - Decoding

extension ModelInstance {
    /// - Parameter out: has room for as many rows as want logits.
    func forward(
        _ batch: Batch, into out: RowBuffer, _ call: LaneCall
    ) throws {
        guard let decode else { throw noDecoder }
        let rows = out.count
        var result = roost_rows(
            struct_size: UInt32(MemoryLayout<roost_rows>.size), n_rows: UInt32(rows),
            data: out.base, row_stride: UInt64(out.stride))
        out.mark()
        try batch.withPluginBatch { batch in
            try callPlugin(
                .forward, trace: call.trace, cancel: call.cancel, deadline: call.deadline
            ) {
                decode.forward(context, batch, &result, $0)
            }
        }
        guard result.n_rows == UInt32(rows), result.data == out.base else {
            throw ModelFailure.broken(
                step: CallStep.forward.name,
                reason: "\(result.n_rows) rows, expected \(rows) in the host's buffer")
        }
        // What stands there is the step before, perhaps another request's.
        if let row = out.firstUnwritten {
            throw ModelFailure.broken(
                step: CallStep.forward.name,
                reason: "row \(row) of the logits was not written, expected all \(rows) that were "
                    + "wanted")
        }
    }

    func encode(_ source: [Int32], into sequence: Int, _ call: LaneCall) throws {
        guard let encode = encode?.encode else { throw noEncoder }
        try source.withUnsafeBufferPointer { tokens in
            try callPlugin(
                .encode, trace: call.trace, cancel: call.cancel, deadline: call.deadline
            ) {
                encode(context, UInt32(sequence), tokens.baseAddress, UInt32(tokens.count), $0)
            }
        }
    }

    func sequenceLength(_ sequence: Int, trace: CallTrace) throws -> Int {
        guard let length = decode?.seq_len else { throw missing("seq_len") }
        var out: UInt32 = 0
        try callPlugin(.length, trace: trace) { length(context, UInt32(sequence), &out, $0) }
        return Int(out)
    }

    func clear(_ sequence: Int, trace: CallTrace) throws {
        guard let decode else { throw noDecoder }
        try callPlugin(.clear, trace: trace) { decode.seq_clear(context, UInt32(sequence), $0) }
    }

    func truncate(_ sequence: Int, to length: Int, trace: CallTrace) throws {
        guard let truncate = decode?.seq_truncate else { throw missing("seq_truncate") }
        let length = UInt32(clamping: length)
        try callPlugin(.truncate, trace: trace) { truncate(context, UInt32(sequence), length, $0) }
    }

    func fork(_ source: Int, to destination: Int, length: Int, trace: CallTrace) throws {
        guard let fork = decode?.seq_fork else { throw missing("seq_fork") }
        let (from, to, length) = (UInt32(source), UInt32(destination), UInt32(clamping: length))
        try callPlugin(.fork, trace: trace) { fork(context, from, to, length, $0) }
    }

    /// - Returns: the plugin's report, nil when it brings no self-test.
    func runSelfTest(limit: Duration, trace: CallTrace) throws -> SelfTestReport? {
        guard let run = selfTest?.run else { return nil }
        let milliseconds = UInt32(limit.milliseconds)
        let json = try OutputSink.collect(.selfTest, limit: SelfTestCall.reportLimit) { sink in
            try callPlugin(.selfTest, trace: trace) { run(context, milliseconds, sink, $0) }
        }
        return SelfTestReport(json: json)
    }

    private var noDecoder: ModelFailure {
        .refused(code: .unsupported, flags: [], message: "the model does not decode text")
    }

    private var noEncoder: ModelFailure {
        .refused(code: .unsupported, flags: [], message: "the model has no encoder")
    }

    private func missing(_ name: String) -> ModelFailure {
        .refused(code: .unsupported, flags: [], message: "the plugin has no \(name)")
    }
}
