import Engine
import Hummingbird
import JSON
import PluginHost

/// `POST /v1/images/generations`.
struct ImageRoutes {
    let models: Models
    let body: Body
    let workload: Workload

    var routes: [Route] {
        [Route(.post, "/v1/images/generations", .inference, generate)]
    }

    private func generate(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try await body.read(
            request, context, .images, waiting: { try await ImageGenerationRequest($0) })
        let reply = try await start(asked, context)
        guard asked.streams else { return Response(try await collect(reply, context)) }
        return OpenAIDialect().stream(context) { events in
            try await send(reply, to: &events, context)
        }
    }

    /// Puts a request into its model's queue.
    private func start(
        _ asked: ImageGenerationRequest, _ context: HTTPContext
    ) async throws -> ImageReply {
        try await Models.inNextRevision {
            let hold = try await models.images(asked.model)
            context.record.note { $0.model = hold.name }
            let engine = hold.engine
            let requests = try asked.requests(engine.capabilities)
            let reading = try await asked.reading(engine.capabilities, hold.tokenizer)
            let stream = try engine.make(requests, previews: asked.streams ? asked.previews : 0)
            return ImageReply(asked: asked, hold: hold, stream: stream, reading)
        }
    }

    private func collect(_ reply: ImageReply, _ context: HTTPContext) async throws -> JSONValue {
        var images: [(EncodedImage, Int)] = []
        try await workload.run(for: context.channel, cancel: reply.stream.cancel) {
            for try await event in reply.stream {
                guard case .image(let number, let image) = event else { continue }
                images.append((try await EncodedImage(image), reply.asked.seed(of: number)))
            }
        }
        return reply.answer.whole(images)
    }

    private func send(
        _ reply: ImageReply, to events: inout EventStream, _ context: HTTPContext
    ) async throws {
        try await workload.run(for: context.channel, cancel: reply.stream.cancel) {
            for try await event in reply.stream {
                guard let json = try await reply.json(event) else { continue }
                try await events.send(json)
            }
        }
    }
}

/// A request in progress.
private struct ImageReply: Sendable {
    let asked: ImageGenerationRequest
    let hold: ModelHold<ImageEngine>
    let stream: ImageStream
    let answer: ImageAnswer

    init(
        asked: ImageGenerationRequest, hold: ModelHold<ImageEngine>, stream: ImageStream,
        _ reading: TextReading?
    ) {
        self.asked = asked
        self.hold = hold
        self.stream = stream
        answer = ImageAnswer(model: hold.name, reading: reading)
    }

    /// - Returns: nil for an event that was not requested.
    func json(_ event: ImageEvent) async throws -> JSONValue? {
        switch event {
        case .step(let image, let progress):
            asked.showsSteps ? .some(answer.step(progress, of: image)) : .none
        case .preview(let image, let number, let preview):
            answer.preview(try await EncodedImage(preview), number: number, of: image)
        case .image(let number, let image):
            answer.completed(
                try await EncodedImage(image), seed: asked.seed(of: number), of: number)
        }
    }
}
