package import PluginHost

/// How an engine shares its model. Each engine reads the options that concern it; the defaults bear
/// its name.
package struct EngineOptions: Sendable {
    /// Requests that run at the same time: for text at most as many as the model has sequences; for
    /// images those with an image in progress, one step each in turn.
    package var parallel = 8
    /// Requests that may wait; for vectors and images, that may be in progress or wait.
    package var queueLimit = 64
    /// Texts of all requests for vectors together; a single larger request is taken when there is no other.
    package var textLimit = 100_000
    /// Rows of a text step, also limited by the model's batch size; tokens of a vector step, for
    /// which a longer text is a step of its own and a query waits about this long.
    package var tokenBudget = 512
    /// How long a text step may take while a stream waits for its next token, as far as the rows of
    /// prompts decide: see `StepCost`.
    package var stepTarget: Duration = .milliseconds(180)
    /// Whether what a text repeats is guessed and read in one step, where that is faster: see `Drafter`.
    package var guesses = false
    /// What steps are timed with.
    package var clock: @Sendable () -> MonotonicTime = { .now }
    /// Bytes of embeddings that are kept, with their texts; 0 keeps none.
    package var cacheBytes = 64 << 20
    /// If a step takes longer, the model counts as hung.
    package var stepDeadline: Duration = .seconds(120)
    /// The default deadline of requests for text; nil is none.
    package var requestDeadline: Duration?
    /// How many failures of the model one request, text or image survives before it is considered
    /// the cause.
    package var retries = 1
    /// How long a task works in one step.
    package var taskSlice: Duration = .milliseconds(50)
    /// How many consecutive steps of a task may be idle: no event, no progress, and less than half
    /// of its slice used.
    package var idleSlices = 1000
    /// How long a task may work without an event and without progress.
    package var silenceLimit: Duration = .seconds(600)
    /// Tokens of text, or events, that a job may be ahead of its reader before it pauses.
    package var backlog = 1024
    /// How long it may stay paused.
    package var stallLimit: Duration = .seconds(60)
    /// How long `stop` waits for a step in progress.
    package var stopPatience: Duration = .seconds(1)

    private init() {}

    package static var text: EngineOptions { EngineOptions() }

    package static var vectors: EngineOptions {
        var options = EngineOptions()
        (options.queueLimit, options.tokenBudget, options.backlog) = (256, 1024, 256)
        return options
    }

    package static var images: EngineOptions {
        var options = EngineOptions()
        (options.parallel, options.queueLimit) = (4, 32)
        // A slow reader blocks nobody: there are as many events as steps.
        (options.stepDeadline, options.backlog) = (.seconds(600), .max)
        return options
    }
}
