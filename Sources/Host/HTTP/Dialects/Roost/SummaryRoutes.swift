import Engine
import Hummingbird
import JSON
import Services

/// `POST /v1/summarize`: a text in fewer words.
struct SummaryRoutes {
    let models: Models
    let body: Body
    let workload: Workload

    var routes: [Route] {
        [Route(.post, "/v1/summarize", .inference, summarize)]
    }

    private func summarize(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try await body.read(request, context, .text) { fields in
            try SummaryRequest(fields) {
                models.sampling(of: $0, for: .summarize)
            } said: {
                models.said(of: $0, for: .summarize)
            }
        }
        let work = try await SummaryWork(asked, models, workload, context)
        guard asked.streams else { return Response(try await work.run { _ in }) }
        return RoostDialect().stream(context) { events in
            let result = try await work.run { text in
                try await events.send(["object": "summary.delta", "text": .string(text)])
            }
            try await events.send(result)
        }
    }
}

/// A summary that is being written by a model of this host.
struct SummaryWork: Sendable {
    private let model: String
    private let summary: Summary<GenerationStream>
    private let workload: Workload
    private let context: HTTPContext

    /// Puts the first parts into the model's queue, so that a refusal has its own status.
    init(
        _ asked: SummaryRequest, _ models: Models, _ workload: Workload, _ context: HTTPContext
    ) async throws {
        self.workload = workload
        self.context = context
        let hold = try await models.text(
            models.name(
                asked.generation.model, with: asked.generation.adapter, for: .summarize),
            for: .summarize)
        let name = hold.name
        model = name
        context.record.note { $0.model = name }
        let engine = hold.engine.engine
        try asked.generation.check(vocabulary: engine.vocabularySize)
        let texts = try await SourceParts(
            limit: engine.info.maxTokens ?? Self.usualLimit,
            count: { try await engine.source(of: $0).count }
        ).parts(of: asked.input)
        // Half of the places stay for others.
        let together = engine.parallel / 2
        // Each part has a revision of its own, so that a long summary does not hold up a reload.
        hold.release()
        summary = try await Summary(of: texts, together: together) { text in
            try await Models.inNextRevision {
                let hold = try await models.text(name, for: .summarize)
                let engine = hold.engine.engine
                var request = asked.request(of: try await engine.source(of: text), engine)
                request.sampling.forbiddenRuns = try await asked.generation.forbiddenRuns(engine)
                context.stamp(&request, asked: asked.generation.priority)
                request.adapter = hold.adapter
                let stream = try engine.submit(request)
                return Summary.Part(stream, cancel: stream.cancel, release: hold.release)
            }
        }
    }

    /// The longest source of a model that does not say: attention over a source grows with its square.
    private static let usualLimit = 1024

    /// - Parameter emit: receives the summary as it is written.
    /// - Returns: the whole answer as the route gives it.
    func run(_ emit: (String) async throws -> Void) async throws -> JSONValue {
        let whole = try await workload.run(for: context.channel, cancel: summary.cancel) {
            try await summary.run(emit)
        }
        var usage = UsageSum()
        for cost in whole.usages { usage.add(cost, isFirst: true) }
        context.record.note(usage)
        return [
            "object": "summary", "summary": .string(whole.text), "model": .string(model),
            "finish_reason": whole.isCut ? "length" : "stop", "parts": .integer(summary.parts),
            "usage": usage.json,
        ]
    }
}

extension TextEngine {
    /// The tokens of a text as the model reads it.
    fileprivate func source(of text: String) async throws -> [Int32] {
        let text = (info.sourcePrefix ?? "") + text
        return try await tokenizer.tokenize(text, addSpecial: true, parseSpecial: false)
    }
}
