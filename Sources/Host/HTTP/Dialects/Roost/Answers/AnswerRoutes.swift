import Hummingbird
import JSON
import PluginHost

/// `POST /v1/answer`: a question over passages or over a collection.
struct AnswerRoutes {
    let work: VectorWork
    let source: (any PassageSource)?
    let body: Body
    let inputs: InputList

    var routes: [Route] {
        [Route(.post, "/v1/answer", .inference, answer)]
    }

    private func answer(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try await body.read(request, context, .text) {
            try AnswerRequest($0, inputs)
        }
        let mode = try await mode(of: asked)
        let search = PassageSearch(work: work, source: source)
        let passages = try await search.passages(for: asked, context)
        let answer = try await answer(asked, mode, passages, context)
        guard asked.streams else { return Response(try await answer.run { _ in }) }
        return RoostDialect().stream(context) { events in
            let result = try await answer.run { text in
                try await events.send(["object": "answer.delta", "text": .string(text)])
            }
            try await events.send(result)
        }
    }

    /// Everything up to the first word of the answer, so that a refusal has its own status.
    private func answer(
        _ asked: AnswerRequest, _ mode: AnswerRequest.Mode, _ passages: [Passage],
        _ context: HTTPContext
    ) async throws -> any AnswerWork {
        if passages.isEmpty { return NoPassages(mode: mode) }
        if mode == .extract {
            return ExtractiveAnswer(
                asked: asked, model: asked.model ?? work.models.preferred(for: .answer),
                passages: passages, work: work, context: context)
        }
        return try await Models.inNextRevision {
            let hold = try await work.models.text(
                asked.model ?? work.models.preferred(for: .chat), for: .chat)
            context.record.note { $0.model = hold.name }
            return try await GroundedAnswer(asked, passages, hold, work.workload, context)
        }
    }

    /// A named model decides by its abilities; otherwise an extracting model is preferred.
    private func mode(of asked: AnswerRequest) async throws -> AnswerRequest.Mode {
        guard asked.mode == .auto else { return asked.mode }
        let models = work.models
        if let name = asked.model {
            let lease = try await models.lease(name)
            defer { lease.release() }
            if lease.description.can(.answer) { return .extract }
            guard lease.description.can(.chat) else {
                throw APIError.refused(
                    "model '\(name)' can neither \(Capability.answer.verb) nor chat")
            }
            return .generate
        }
        if models.preferred(for: .answer) != nil { return .extract }
        guard models.preferred(for: .chat) != nil else {
            throw APIError.refused(
                "no model that is loaded can \(Capability.answer.verb), and none can chat")
        }
        return .generate
    }
}
