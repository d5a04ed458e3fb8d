import Engine
import Hummingbird
import JSON
import PluginHost
import Services

/// `POST /embed`, `/predict` and `/decode`, and `GET /info`.
struct TEIRoutes {
    let backend: Backend

    var routes: [Route] {
        [
            Route(.post, "/embed", .inference, embed),
            Route(.post, "/predict", .inference, predict),
            Route(.post, "/decode", .inference, decode),
            Route(.get, "/info", .inference, info),
        ]
    }

    /// An array of vectors, whatever `inputs` is.
    private func embed(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try await backend.body.read(request, context, .tei) {
            try EmbeddingRequest($0, backend.inputs, key: "inputs")
        }
        let result = try await backend.vectors.run(asked.model, for: .embeddings, in: context) {
            try await asked.embed($0.engine)
        }
        context.record.note(tokens: result.tokens)
        return await .long { .array(result.vectors.map(\.json)) }
    }

    // MARK: - Labels

    /// The labels of a text or of a pair of texts; of several, an array for each.
    private func predict(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let (asked, isSingle) = try await backend.body.read(request, context, .vectors) { fields in
            let (input, isSingle) = try PredictInput.read(fields)
            return (
                try ClassifyRequest(fields.replacing("input", with: input), backend.inputs),
                isSingle
            )
        }
        let (model, classes) = try await backend.vectors.run(
            asked.model, for: .classify, in: context
        ) {
            ($0.name, try await asked.classes(by: $0.engine))
        }
        context.record.note(tokens: classes.tokens)
        return await .long {
            let results = asked.answer(classes, model: model)["data"]?.array ?? []
            let labels = results.map { $0["labels"] ?? [] }
            return isSingle ? labels.first ?? [] : .array(labels)
        }
    }

    // MARK: - Tokens

    /// The texts of ids, special tokens left out.
    private func decode(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let (ids, model) = try await backend.body.read(request, context, .tei) { fields in
            guard let value = fields.value("ids"), let elements = value.array else {
                throw APIError.missing(param: "ids", expected: "an array of token ids")
            }
            let lists =
                elements.first?.array == nil
                ? [try value.tokenIDs(at: "ids")]
                : try elements.enumerated().map { try $1.tokenIDs(at: "ids[\($0)]") }
            return (lists, try fields.string("model"))
        }
        let hold = try await tokens(model, context)
        let texts = try ids.map { list -> JSONValue in
            do {
                return .string(try hold.tokenizer?.detokenize(list) ?? "")
            } catch {
                throw APIError.invalid(param: "ids", "is refused: \(error)")
            }
        }
        return Response(.array(texts))
    }

    private func tokens(
        _ model: String?, _ context: HTTPContext
    ) async throws -> ModelHold<ModelServing> {
        let hold = try await backend.models.tokens(model ?? backend.models.ofTEI)
        context.record.note { $0.model = hold.name }
        return hold
    }

    // MARK: - The model

    /// The model that answers requests without a `model`.
    private func info(_ request: Request, _ context: HTTPContext) async throws -> Response {
        guard let name = backend.models.ofTEI else {
            throw APIError.unknown("no model that is loaded makes embeddings, scores or labels")
        }
        let status = try backend.models.status(of: name)
        let vectors = status.description?.vectors
        return Response([
            "model_id": .string(name), "model_sha": nil, "model_dtype": "float32",
            "model_type": Self.type(status, backend.models.capabilities(of: name)),
            "max_input_length": .optional(vectors?.maxTokens),
            "max_client_batch_size": .integer(backend.inputs.most),
            "version": .string("roost \(Version.text)"),
        ])
    }

    private static func type(
        _ status: DeploymentStatus, _ capabilities: [Capability]
    ) -> JSONValue {
        let labels = status.description?.vectors?.labels ?? []
        let kind: JSONValue = [
            "id2label": .object(
                JSONObject(labels.enumerated().map { (key: "\($0)", value: .string($1)) })),
            "label2id": .object(
                JSONObject(labels.enumerated().map { (key: $1, value: .integer($0)) })),
        ]
        if capabilities.contains(.embeddings) {
            let pooling = status.description.flatMap { ModelInfo($0).pooling } ?? "mean"
            return ["embedding": ["pooling": .string(pooling)]]
        }
        return capabilities.contains(.rerank) ? ["reranker": kind] : ["classifier": kind]
    }
}

extension Models {
    /// The model of vectors that is asked where a request names none.
    var ofTEI: String? {
        [Capability.embeddings, .rerank, .classify].lazy.compactMap { self.preferred(for: $0) }
            .first
    }
}
