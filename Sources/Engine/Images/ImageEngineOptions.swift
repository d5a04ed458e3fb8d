/// How an image engine shares its model.
package struct ImageEngineOptions: Sendable {
    /// Requests whose picture is under way at the same time, a step each in turn; the others wait.
    package var parallel = 4
    /// Requests that may be under way or wait.
    package var queueLimit = 32
    /// How long one step, or the finishing of a picture, may take before the model counts as hung.
    package var stepDeadline: Duration = .seconds(600)
    /// Failures of the model that one picture survives before it is held to be the cause.
    package var retries = 1
    /// How long `stop` waits for a step that is under way.
    package var stopPatience: Duration = .seconds(1)

    package init() {}
}
