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
        let job = try await start(asked, context)
        return asked.streams
            ? OpenAIDialect().stream(context) { events in try await send(job, to: &events, context)
            }
            : Response(try await collect(job, context))
    }

    /// Puts a request into its model's queue.
    private func start(
        _ asked: ImageGenerationRequest, _ context: HTTPContext
    ) async throws -> ImageJob {
        try await Models.inNextGeneration {
            let hold = try await models.images(asked.model)
            context.record.note { $0.model = hold.name }
            let engine = hold.engine
            let order = try asked.order(engine.capabilities)
            let reading = try await asked.reading(engine.capabilities, hold.tokenizer)
            return ImageJob(asked: asked, hold: hold, stream: try engine.make(order), reading)
        }
    }

    private func collect(_ job: ImageJob, _ context: HTTPContext) async throws -> JSONValue {
        var pictures: [(EncodedPicture, Int)] = []
        try await workload.run(for: context.channel, cancel: job.stream.cancel) {
            for try await event in job.stream {
                guard case .picture(let number, let picture) = event else { continue }
                pictures.append((try await EncodedPicture(picture), job.asked.seed(of: number)))
            }
        }
        return job.answer.whole(pictures)
    }

    private func send(
        _ job: ImageJob, to events: inout EventStream, _ context: HTTPContext
    ) async throws {
        try await workload.run(for: context.channel, cancel: job.stream.cancel) {
            for try await event in job.stream {
                guard let json = try await job.json(event) else { continue }
                try await events.send(json)
            }
        }
    }
}

/// A request that is being answered.
private struct ImageJob: Sendable {
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

    /// - Returns: nil for an event that nobody asked for.
    func json(_ event: ImageEvent) async throws -> JSONValue? {
        switch event {
        case .step(let picture, let progress):
            asked.showsSteps ? .some(answer.step(progress, of: picture)) : .none
        case .preview(let picture, let number, let preview):
            answer.preview(try await EncodedPicture(preview), number: number, of: picture)
        case .picture(let number, let picture):
            answer.completed(
                try await EncodedPicture(picture), seed: asked.seed(of: number), of: number)
        }
    }
}
