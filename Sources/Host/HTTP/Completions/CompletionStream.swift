import Engine
import HTTPTypes
import Hummingbird

/// Sends the choices of a completion as server-sent events while they are generated.
struct CompletionStream: Sendable {
    let job: CompletionJob
    let head: CompletionHead
    let includesUsage: Bool
    let workload: Workload
    let context: HTTPContext

    var response: Response {
        context.record.note { $0.isStreaming = true }
        return Response(
            status: .ok,
            headers: [
                .contentType: EventStream.contentType, .cacheControl: "no-cache",
                .accelBuffering: "no",
            ],
            body: ResponseBody { writer in
                defer { context.record.end() }
                try await send(to: &writer)
                try await writer.finish(nil)
            })
    }

    /// Sends everything; what fails after the first byte becomes the last event.
    private func send(to writer: inout any ResponseBodyWriter) async throws {
        do {
            let usage = try await sendChoices(to: &writer)
            context.record.note(usage)
            if includesUsage { try await writer.write(ChunkWriter.usage(head, usage)) }
            try await writer.write(EventStream.done)
        } catch EarlyEnd.clientGone {
            context.record.note { $0.clientLeft = true }
            throw EarlyEnd.clientGone
        } catch {
            let error = APIError(error)
            context.record.note { $0.error = error.code ?? error.type }
            try await writer.write(EventStream.event(error.json))
        }
    }

    private func sendChoices(to writer: inout any ResponseBodyWriter) async throws -> UsageSum {
        var chunks = (0..<job.choices.count).map {
            ChunkWriter(head, index: $0, includesUsage: includesUsage)
        }
        var usage = UsageSum()
        try await workload.run(for: context.channel, cancel: job.choices.cancel) {
            for chunk in chunks {
                if let opener = chunk.opener() { try await writer.write(opener) }
            }
            try await job.choices.forEach { index, event in
                job.count(event, of: index, in: &usage)
                switch event {
                case .text(let text, let tokens):
                    try await writer.write(chunks[index].text(text, tokens: tokens))
                case .finished(let reason, _):
                    try await writer.write(chunks[index].finish(reason))
                }
            }
        }
        return usage
    }
}
