import Engine
import Hummingbird
import JSON
import PluginHost
import Services

/// `POST /v1/classify` and `POST /v1/entities`.
struct ClassifyRoutes {
    let work: VectorWork
    let body: Body
    let inputs: InputList

    var routes: [Route] {
        [
            Route(.post, "/v1/classify", .inference, classify),
            Route(.post, "/v1/entities", .inference, findEntities),
        ]
    }

    private func classify(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try await body.read(request, context, .vectors) {
            try ClassifyRequest($0, inputs)
        }
        let (model, classes) = try await classes(of: asked, context)
        context.record.note(tokens: classes.tokens)
        return await .long { asked.answer(classes, model: model) }
    }

    private func classes(
        of asked: ClassifyRequest, _ context: HTTPContext
    ) async throws -> (String, Classes) {
        guard asked.labels != nil else {
            return try await work.run(asked.model, for: .classify, in: context) {
                ($0.name, try await asked.classes(by: $0.engine))
            }
        }
        let model = asked.model ?? work.models.anyLabels
        let most = inputs.most
        return try await work.run(model, for: .embeddings, .classify, in: context) { hold in
            let classes =
                hold.capability == .embeddings
                ? try await asked.classes(comparedBy: hold.engine)
                : try await asked.classes(inferredBy: hold.engine, most: most)
            return (hold.name, classes)
        }
    }

    /// The names in texts, with their kinds and places; a place counts Unicode code points.
    private func findEntities(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let (texts, model) = try await body.read(request, context, .vectors) {
            (try inputs.texts($0, "input"), try $0.string("model"))
        }
        let input: JSONValue = ["texts": .array(texts.map { .string($0) })]
        let (name, events) = try await work.run(model, for: .entities, in: context) { hold in
            var events: [JSONValue] = []
            for try await event in try hold.engine.run(task: "entities", input: input) {
                events.append(event)
            }
            return (hold.name, events)
        }
        return await .long {
            ["object": "list", "data": .array(events), "model": .string(name)]
        }
    }
}

extension Models {
    /// The model for labels that none was trained for, if neither the defaults nor the models'
    /// abilities decide: one for natural language inference, if there are no embeddings.
    fileprivate var anyLabels: String? {
        guard preferred(for: .embeddings) == nil else { return nil }
        return registry.models.map(\.name).first { serving($0)?.vectors?.entailment != nil }
    }
}
