/// How a vector engine shares its model.
package struct VectorEngineOptions: Sendable {
    /// Tokens of one step; a single longer text is a step of its own. An interactive query waits about
    /// this long.
    package var tokenBudget = 1024
    /// Requests and tasks that may be under way or wait.
    package var queueLimit = 256
    /// Texts of all of them together; a single larger request is taken when there is no other.
    package var textLimit = 100_000
    /// Bytes of embeddings that are kept, with their texts; 0 keeps none.
    package var cacheBytes = 64 << 20
    /// How long one step may take before the model counts as hung.
    package var stepDeadline: Duration = .seconds(120)
    /// Failures of the model that one text survives before it is held to be the cause.
    package var retries = 1
    /// How long a task works in one step.
    package var taskSlice: Duration = .milliseconds(50)
    /// Steps of a task that may come to nothing, one after the other: no event, no progress, and less than
    /// half of its slice used.
    package var idleSlices = 1000
    /// How long a task may work without an event and without progress.
    package var silenceLimit: Duration = .seconds(600)
    /// Events that a task may be ahead of its reader before it pauses.
    package var backlog = 256
    /// How long a task may stay paused for its reader.
    package var stallLimit: Duration = .seconds(60)
    /// How long `stop` waits for a step that is under way.
    package var stopPatience: Duration = .seconds(1)

    package init() {}
}
