import Engine
import Hummingbird

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
        let asked = try ClassifyRequest(try await body.fields(request), inputs)
        let isZeroShot = asked.labels != nil
        let (model, classes) = try await work.run(
            asked.model, for: isZeroShot ? .embeddings : .classify, in: context
        ) { hold in
            let classes =
                isZeroShot
                ? try await Classes(zeroShot: asked, hold.engine)
                : try await Classes(of: asked, hold.engine)
            return (hold.name, classes)
        }
        context.record.note(tokens: classes.tokens)
        return Response(asked.answer(classes, model: model))
    }

    /// The names in texts, with their kinds and places; a place counts Unicode code points.
    private func findEntities(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let fields = try await body.fields(request)
        let texts = try inputs.texts(fields, "input")
        let model = try fields.string("model")
        let input: JSONValue = ["texts": .array(texts.map { .string($0) })]
        let (name, events) = try await work.run(model, for: .entities, in: context) { hold in
            var events: [JSONValue] = []
            for try await event in hold.engine.run(task: "entities", input: input) {
                events.append(event)
            }
            return (hold.name, events)
        }
        return Response(["object": "list", "data": .array(events), "model": .string(name)])
    }
}
