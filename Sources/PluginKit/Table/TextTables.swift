import PluginABI

/// `roost.text.tokens/1`
enum TokensTable {
    static var pointer: UnsafeRawPointer { UnsafeRawPointer(table.pointer) }

    private static let table = Static(
        roost_ext_tokens(
            struct_size: structSize(roost_ext_tokens.self), reserved: 0,
            vocab: describeVocabulary, tokenize: tokenize))
}

private func describeVocabulary(
    model: OpaquePointer?, out: UnsafeMutablePointer<roost_vocab>?
) -> roost_status {
    answer(nil as UnsafeMutablePointer<roost_err>?) {
        try fill(out, "roost_vocab", size: \.struct_size, with: text(of: model).table)
    }
}

private func tokenize(
    model: OpaquePointer?, input: roost_str, flags: UInt32, out: roost_sink,
    call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let sink = try Sink(out)
        let options = TokenizeOptions(rawValue: flags)
        guard options.isSubset(of: [.addSpecial, .parseSpecial]) else {
            throw PluginError(.argument, "unknown flags \(flags) of tokenize")
        }
        let ids = try text(of: model).model.tokenize(
            input.string("text"), options: options, call: call)
        try sink.put(ids)
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
