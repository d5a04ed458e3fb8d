import PluginABI

/// `roost.text.tokens/1`
enum TokensTable {
    static var pointer: UnsafeRawPointer { UnsafeRawPointer(table.pointer) }

    private static let table = Static(
        roost_ext_tokens(
            struct_size: structSize(roost_ext_tokens.self), reserved: 0,
            vocab: describeVocabulary, tokenize: tokenize, tokenize_mixed: tokenizeMixed))
}

private func describeVocabulary(
    model: OpaquePointer?, out: UnsafeMutablePointer<roost_vocab>?,
    call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { _ in
        try fill(out, "roost_vocab", size: \.struct_size, with: text(of: model).table)
    }
}

private func tokenize(
    model: OpaquePointer?, input: roost_str, flags: UInt32, out: roost_sink,
    call: UnsafePointer<roost_call>?
) -> roost_status {
    tokenizeMixed(
        model: model, input: input, plain: nil, count: 0, flags: flags, out: out, call: call)
}

private func tokenizeMixed(
    model: OpaquePointer?, input: roost_str, plain: UnsafePointer<roost_range>?, count: UInt32,
    flags: UInt32, out: roost_sink, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let sink = try Sink(out)
        let flags = TokenizeFlags(rawValue: flags)
        guard flags.isSubset(of: [.addSpecial, .parseSpecial]) else {
            throw PluginError(.argument, "unknown flags \(flags) of tokenize")
        }
        let ranges = try plainRanges(plain, count, length: input.len)
        let ids = try text(of: model).model.tokenize(
            input.string("text"), plain: ranges, flags: flags, call: call)
        try sink.put(ids)
    }
}

private func plainRanges(
    _ ranges: UnsafePointer<roost_range>?, _ count: UInt32, length: UInt64
) throws -> [Range<Int>] {
    guard count > 0 else { return [] }
    guard let ranges else { throw PluginError(.argument, "\(count) ranges at a null pointer") }
    var end: UInt64 = 0
    return try UnsafeBufferPointer(start: ranges, count: Int(count)).map { range in
        guard range.start >= end, range.start < range.end, range.end <= length else {
            throw PluginError(
                .argument,
                "the range \(range.start) to \(range.end) of a text of \(length) bytes behind "
                    + "\(end), expected ranges that ascend")
        }
        end = range.end
        return Int(range.start)..<Int(range.end)
    }
}

private func text(of model: OpaquePointer?) throws -> TextBox {
    guard let text = try model.box(ModelBox.self, "model").text else {
        throw PluginError(.unsupported, "the model has no tokens")
    }
    return text
}

/// `roost.selftest/1`
enum SelfTestTable {
    static var pointer: UnsafeRawPointer { UnsafeRawPointer(table.pointer) }

    private static let table = Static(
        roost_ext_selftest(
            struct_size: structSize(roost_ext_selftest.self), reserved: 0, run: runSelfTest))
}

private func runSelfTest(
    context: OpaquePointer?, limit: UInt32, out: roost_sink, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let box = try context.box(ContextBox.self, "context")
        let sink = try Sink(out)
        guard let test = box.selfTest else {
            throw PluginError(.unsupported, "the model has no self-test")
        }
        let report = try box.lane {
            try test.selfTest(within: .milliseconds(Int64(limit)), call: call)
        }
        try sink.put(report.json)
    }
}
