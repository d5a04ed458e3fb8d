import Hummingbird
import JSON

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
