import Engine
import Hummingbird
import JSON
import PluginHost
import Services

/// `POST /v2/models/{name}/infer`, for embeddings, labels and generated text.
struct InferRoutes {
    let backend: Backend

    var routes: [Route] {
        [
            Route(.post, "/v2/models/{name}/infer", .inference, infer),
            Route(.post, "/v2/models/{name}/versions/{version}/infer", .inference, infer),
        ]
    }

    private func infer(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = try backend.models.kserveModel(context).name
        let asked = try await backend.body.read(
            request, context, .empty,
            withData: { fields, data in
                try InferRequest(
                    fields, data, backend.inputs, model: name,
                    backend.models.sampling(of: name, for: .completion))
            })
        let kind = try await kind(of: asked, name)
        let tensors =
            switch kind {
            case .embed: try await embed(asked, name, context)
            case .classify: try await classify(asked, name, context)
            case .generate: try await generate(asked, name, context)
            }
        return try asked.answer(tensors, model: name)
    }

    /// By the input's name; of two that read the same, by the first output.
    private func kind(of asked: InferRequest, _ name: String) async throws -> InferKind {
        // What a model can do is known once it is loaded.
        let lease = try await backend.models.lease(name)
        lease.release()
        let all = InferKind.kinds(of: backend.models.capabilities(of: name))
        let kinds = all.filter { $0.input.name == asked.input }
        let kind =
            kinds.first { kind in
                kind.outputs.contains { $0.name == asked.outputs?.first?.name }
            } ?? kinds.first
        guard let kind else {
            let names = Set(all.map(\.input.name)).sorted().joined(separator: ", ")
            throw APIError.invalid(
                param: "inputs[0].name",
                all.isEmpty
                    ? "is of a model that this API does not serve"
                    : "is none of this model's, expected \(names)")
        }
        return kind
    }

    private func embed(
        _ asked: InferRequest, _ name: String, _ context: HTTPContext
    ) async throws -> [Tensor] {
        let result = try await backend.vectors.run(name, for: .embeddings, in: context) {
            try await $0.engine.embed(asked.texts.map { .text($0) }, purpose: .symmetric)
        }
        context.record.note(tokens: result.tokens)
        let width = result.vectors.first?.count ?? 0
        return [
            Tensor(
                name: "embedding", shape: [result.vectors.count, width],
                elements: .floats(result.vectors.flatMap { $0 }))
        ]
    }

    private func classify(
        _ asked: InferRequest, _ name: String, _ context: HTTPContext
    ) async throws -> [Tensor] {
        let classes = try await backend.vectors.run(name, for: .classify, in: context) {
            try await Classes(
                of: asked.texts, pairs: nil, by: $0.engine, isMultiLabel: nil, isRaw: false)
        }
        context.record.note(tokens: classes.tokens)
        let best = classes.scores.map { classes.labels[$0.ranking.first ?? 0] }
        return [
            Tensor(
                name: "scores", shape: [classes.scores.count, classes.labels.count],
                elements: .floats(classes.scores.flatMap { $0 })),
            Tensor(name: "label", shape: [best.count], elements: .texts(best)),
        ]
    }

    private func generate(
        _ asked: InferRequest, _ name: String, _ context: HTTPContext
    ) async throws -> [Tensor] {
        let reply = try await backend.reply(asked.generation, for: .completion, context) {
            serving in
            var requests: [GenerationRequest] = []
            for text in asked.texts {
                let tokens = try await serving.engine.tokenizer.tokenize(
                    text, addSpecial: true, parseSpecial: false)
                var request = asked.generation.request
                if serving.engine.readsSource {
                    request.source = tokens
                } else {
                    request.prompt = tokens
                }
                requests.append(request)
            }
            return requests
        }
        let texts = try await reply.whole().choices.map(\.text)
        return [Tensor(name: "text_output", shape: [texts.count], elements: .texts(texts))]
    }
}
