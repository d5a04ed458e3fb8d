import PluginKit
import TensorRuntime

extension BertContext: TaskContext {
    func begin(task: String, input: [UInt8], call: Call) throws -> any TaskJob {
        switch model.head {
        case .tokens(let head, let labels, let overlap):
            return try EntitiesJob(
                input, model.reader, head, labels: labels, overlap: overlap)
        case .spans(let head, let overlap):
            return try AnswerJob(input, model.reader, head, overlap: overlap)
        case .sentence, .sequence:
            throw PluginError(.unsupported, "the model has no task '\(task)'")
        }
    }
}

extension LoadedBert.Head {
    var tasks: [TaskDescription] {
        switch self {
        case .sentence, .sequence: []
        case .tokens: [EntitiesJob.description]
        case .spans: [AnswerJob.description]
        }
    }
}

extension BertContext: SelfTestingContext {
    /// Texts of several lengths, alone and together with others.
    private static let texts = ["", "one two three", "the quick brown fox jumps over the lazy dog"]

    func selfTest(within limit: Duration, call: Call) throws -> SelfTestReport {
        let texts = try Self.texts.map(model.reader.read)
        let together = try states(of: texts, call)
        let alone = try texts.flatMap { try states(of: [$0], call) }
        let wrong = together.count { !$0.isFinite }
        let largest = zip(together, alone).reduce(0) { max($0, abs($1.0 - $1.1)) }
        return SelfTestReport([
            .init(
                "states are finite", passed: wrong == 0,
                detail: "\(wrong) of \(together.count) are not"),
            .init(
                "alone equals beside others",
                passed: together.count == alone.count && largest == 0,
                detail: "largest difference \(largest)"),
        ])
    }

    private func states(of texts: [TokenizedText], _ call: Call) throws -> [Float] {
        var floats: [Float] = []
        try model.reader.forEachPass(over: texts, call) { _, states, _ in
            floats += states.floats
        }
        return floats
    }
}
