import Engine
import JSON
import PluginHost
import Services
import Synchronization

/// A summary on its way. A text that is longer than the model reads is read in parts, a few side by side;
/// what is written of them comes in their order.
final class SummaryWork: Sendable {
    private struct Part {
        let hold: ModelHold<TextServing>
        let stream: GenerationStream
    }

    private struct Running {
        var parts: [Part] = []
        var isCancelled = false
    }

    private let asked: SummaryRequest
    private let models: Models
    private let workload: Workload
    private let context: HTTPContext
    private let model: String
    private let texts: [String]
    private let running = Mutex(Running())

    /// Puts the first parts into the model's queue, so that a refusal has a status of its own.
    init(
        _ asked: SummaryRequest, _ models: Models, _ workload: Workload, _ context: HTTPContext
    ) async throws {
        self.asked = asked
        self.models = models
        self.workload = workload
        self.context = context
        let hold = try await models.text(asked.generation.model, for: .summarize)
        model = hold.name
        context.record.note { $0.model = hold.name }
        let engine = hold.engine.engine
        try asked.generation.check(vocabulary: engine.vocabularySize)
        texts = try await SourceParts(
            limit: engine.info.maxTokens ?? Self.usualLimit,
            count: { try await engine.source(of: $0).count }
        ).parts(of: asked.input)
        hold.release()
        // Half of the places stay for others.
        let together = max(1, engine.parallel / 2)
        for text in texts.prefix(together) { try await submit(text) }
    }

    /// The longest source of a model that does not say: attention over a source grows with its square.
    private static let usualLimit = 1024

    /// - Parameter emit: takes the summary as it comes.
    /// - Returns: the whole answer as the route gives it.
    func run(_ emit: (String) async throws -> Void) async throws -> JSONValue {
        var result = SummaryResult(model: model, parts: texts.count)
        try await workload.run(for: context.channel, cancel: { self.cancel() }) {
            for index in texts.indices {
                var gap = index > 0 ? Self.gap : ""
                for try await event in stream(index) {
                    switch event {
                    case .text(let piece, _):
                        result.text += gap + piece
                        try await emit(gap + piece)
                        gap = ""
                    case .finished(let reason, let usage):
                        if reason == .length { result.reason = .length }
                        result.usage.add(usage, isFirst: true)
                    }
                }
                try await goOn(after: index)
            }
        }
        context.record.note(result.usage)
        return result.json
    }

    /// Between the summaries of two parts.
    private static let gap = "\n\n"
}

// MARK: - Parts

extension SummaryWork {
    private func stream(_ index: Int) -> GenerationStream {
        running.withLock { $0.parts[index].stream }
    }

    /// Gives back the model of a part that is done, and submits the next; where others have filled the
    /// queue meanwhile, when there is room.
    private func goOn(after index: Int) async throws {
        let submitted = running.withLock { running in
            running.parts[index].hold.release()
            return running.parts.count
        }
        guard submitted < texts.count else { return }
        while true {
            do {
                return try await submit(texts[submitted])
            } catch EngineError.overloaded(_, let retryAfter) {
                try await Task.sleep(for: retryAfter)
                // Nobody waits for the rest any more.
                if running.withLock({ $0.isCancelled }) { throw CancellationError() }
            }
        }
    }

    private func submit(_ text: String) async throws {
        let part = try await Models.inNextRevision {
            let hold = try await models.text(model, for: .summarize)
            let engine = hold.engine.engine
            var request = asked.request(of: try await engine.source(of: text), engine)
            request.sampling.forbiddenRuns = try await asked.generation.forbiddenRuns(engine)
            return Part(hold: hold, stream: try engine.submit(request))
        }
        let isCancelled = running.withLock { running in
            running.parts.append(part)
            return running.isCancelled
        }
        if isCancelled { part.stream.cancel() }
    }

    private func cancel() {
        let streams = running.withLock { running in
            running.isCancelled = true
            return running.parts.map(\.stream)
        }
        for stream in streams { stream.cancel() }
    }
}

extension TextEngine {
    /// The tokens of a text as the model reads it.
    fileprivate func source(of text: String) async throws -> [Int32] {
        let text = (info.sourcePrefix ?? "") + text
        return try await tokenizer.tokenize(text, addSpecial: true, parseSpecial: false)
    }
}

/// A summary as the route gives it.
private struct SummaryResult {
    let model: String
    /// How many parts the text was read in.
    let parts: Int
    var text = ""
    /// `length` where a summary reached its longest.
    var reason = FinishReason.stop
    var usage = UsageSum()

    var json: JSONValue {
        [
            "object": "summary", "summary": .string(text), "model": .string(model),
            "finish_reason": .string(reason == .length ? "length" : "stop"),
            "parts": .integer(parts),
            "usage": usage.json,
        ]
    }
}
