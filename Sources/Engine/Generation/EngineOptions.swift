/// How a text engine shares its model.
package struct EngineOptions: Sendable {
    /// Requests in the running batch; the model's sequences are the upper limit.
    package var parallel = 8
    /// Requests that may wait for a place in the batch.
    package var queueLimit = 64
    /// Rows of one step; the model's batch size is the upper limit.
    package var tokenBudget = 512
    /// How long one step may take before the model counts as hung.
    package var stepDeadline: Duration = .seconds(120)
    /// The deadline of requests that bring none; nil is none.
    package var requestDeadline: Duration?
    /// Failures of the model that one request survives before it is held to be the cause.
    package var retries = 1
    /// Tokens that a client may be behind before its sequence pauses.
    package var backlog = 1024
    /// How long a sequence may stay paused for its reader.
    package var stallLimit: Duration = .seconds(60)
    /// How long `stop` waits for a step that is under way.
    package var stopPatience: Duration = .seconds(1)

    package init() {}
}
