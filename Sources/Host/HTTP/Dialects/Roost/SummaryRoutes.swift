import Hummingbird
import JSON
import NIOCore

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
        guard asked.generation.streams else { return Response(try await work.run { _ in }) }
        return EventStream.response(context) { writer in
            let result = try await work.run { try await writer.write(Self.delta($0)) }
            try await writer.write(EventStream.event(result.serialized()))
        }
    }

    private static func delta(_ text: String) -> ByteBuffer {
        let event: JSONValue = ["object": "summary.delta", "text": .string(text)]
        return EventStream.event(event.serialized())
    }
}
