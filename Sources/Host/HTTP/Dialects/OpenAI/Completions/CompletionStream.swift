import Engine
import Hummingbird

/// Sends the choices of a completion as server-sent events while they are generated.
struct CompletionStream: Sendable {
    let job: CompletionJob
    let head: CompletionHead
    let includesUsage: Bool
    let workload: Workload
    let context: HTTPContext

    var response: Response {
        OpenAIDialect().stream(context) { events in
            let usage = try await sendChoices(to: &events)
            context.record.note(usage)
            if includesUsage { try await events.send(ChunkWriter.usage(head, usage)) }
        }
    }

    private func sendChoices(to events: inout EventStream) async throws -> UsageSum {
        let chunks = (0..<job.choices.count).map {
            ChunkWriter(head, index: $0, includesUsage: includesUsage)
        }
        var usage = UsageSum()
        try await workload.run(for: context.channel, cancel: job.choices.cancel) {
            for chunk in chunks {
                if let opener = chunk.opener() { try await events.send(framed: opener) }
            }
            try await job.choices.forEach { index, event in
                job.count(event, of: index, in: &usage)
                switch event {
                case .text(let text, let tokens):
                    try await events.send(framed: chunks[index].text(text, tokens: tokens))
                case .finished(let reason, _):
                    try await events.send(framed: chunks[index].finish(reason))
                }
            }
        }
        return usage
    }
}
