/// Checks of a decode context that need no golden numbers: what must hold for any model.
///
/// The context is empty before and after.
public struct DecodeSelfTest {
    private let context: any DecodeContext
    private let source: Source?
    private let tokens: [Int32]
    private let call: Call

    /// The source that every sequence attends to.
    private struct Source {
        let context: any EncodeContext
        let tokens: [Int32]
    }

    /// - Parameter tokens: a short text, at least two tokens.
    public init(_ context: any DecodeContext, tokens: [Int32], call: Call) {
        self.context = context
        source = nil
        self.tokens = tokens
        self.call = call
    }

    /// - Parameters:
    ///   - source: the source of the sequences, at least one token.
    ///   - tokens: a short text, at least two tokens.
    public init(_ context: any EncodeContext, source: [Int32], tokens: [Int32], call: Call) {
        self.context = context
        self.source = Source(context: context, tokens: source)
        self.tokens = tokens
        self.call = call
    }

    /// Runs check after check until all are done or `limit` is over.
    public func run(within limit: Duration) throws -> SelfTestReport {
        let end = ContinuousClock.now + limit
        let sequences = 0..<context.capabilities.sequences
        guard sequences.allSatisfy(isEmpty) else {
            throw PluginError(.busy, "the self-test needs a context without sequences")
        }
        defer { sequences.forEach(context.clear) }
        try begin(0)
        let whole = try context.logits(of: tokens, call: call)
        var report = SelfTestReport([finite(whole)])
        for check in [chunks, fork] where ContinuousClock.now < end {
            try check(whole).map { report.checks.append($0) }
        }
        return report
    }

    private func isEmpty(_ sequence: Int) -> Bool {
        context.length(of: sequence) == 0 && source?.context.hasSource(sequence) != true
    }

    /// Prepares a sequence for its first token, whatever it held.
    private func begin(_ sequence: Int) throws {
        context.clear(sequence)
        if let source { try source.context.encode(source.tokens, for: sequence, call: call) }
    }

    private func finite(_ logits: [Float]) -> SelfTestReport.Check {
        let wrong = logits.count { !$0.isFinite }
        return .init(
            "logits are finite", passed: wrong == 0, detail: "\(wrong) of \(logits.count) are not")
    }

    /// The text token by token against the text at once.
    private func chunks(_ whole: [Float]) throws -> SelfTestReport.Check? {
        try begin(0)
        var last: [Float] = []
        for token in tokens {
            last = try context.logits(of: [token], call: call)
        }
        return compare("one by one equals at once", last, whole)
    }

    /// The last token after a fork of those before it. Runs while sequence 0 holds the text, which a
    /// context that cannot go back reads again, without its last token.
    private func fork(_ whole: [Float]) throws -> SelfTestReport.Check? {
        let capabilities = context.capabilities
        guard capabilities.flags.contains(.fork), capabilities.sequences > 1 else { return nil }
        if !capabilities.flags.contains(.truncateAny) {
            try begin(0)
            _ = try context.logits(of: tokens.dropLast(), call: call)
        }
        context.clear(1)
        try context.fork(0, to: 1, length: tokens.count - 1)
        let last = try context.logits(of: tokens.suffix(1), in: 1, call: call)
        return compare("after a fork equals at once", last, whole)
    }

    private func compare(
        _ name: String, _ found: [Float], _ expected: [Float]
    ) -> SelfTestReport.Check {
        let exact = context.capabilities.flags.contains(.batchInvariant)
        let differences = zip(found, expected).map { abs($0 - $1) }
        let passed = differences.allSatisfy { $0 <= (exact ? 0 : 1e-2) }
        let largest = differences.max() ?? 0
        return .init(name, passed: passed, detail: "largest difference \(largest)")
    }
}
