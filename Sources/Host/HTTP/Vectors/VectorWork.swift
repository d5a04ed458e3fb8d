import Engine
import Hummingbird

/// Runs the work of a request with a model that makes vectors, for as long as the client waits.
struct VectorWork: Sendable {
    let models: Models
    let workload: Workload

    /// - Parameters:
    ///   - model: nil for the default of the first capability that has one.
    ///   - capabilities: what the model is needed for; the first that it can serve counts.
    func run<Value: Sendable>(
        _ model: String?, for capabilities: Capability..., in context: HTTPContext,
        _ body: @escaping @Sendable (ModelHold<VectorEngine>) async throws -> Value
    ) async throws -> Value {
        try await workload.run(for: context.channel) {
            try await Models.inNextRevision {
                let hold = try await models.vectors(model, for: capabilities)
                defer { hold.release() }
                context.record.note { $0.model = hold.name }
                return try await body(hold)
            }
        }
    }
}

extension RequestRecord {
    func note(tokens: Int) {
        note { $0.promptTokens = tokens }
    }
}
