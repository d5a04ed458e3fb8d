/// What answers requests on top of one generation's model; the engine's part of a deployment.
package protocol GenerationServing: AnyObject, Sendable {
    /// What is wrong with the model without keeping it from serving.
    var warnings: [String] { get }

    /// Takes no new work and returns when all work is done, or after `limit`.
    func drain(upTo limit: Duration) async

    /// Ends the work that is left, each piece with an error, and returns when nothing calls the model
    /// any more, or shortly after, when a call hangs.
    func stop() async
}

extension GenerationServing {
    package var warnings: [String] { [] }
}

/// Makes what serves a generation, once its model is up. The supervisor is not stopped before
/// `stop()` has returned.
package typealias ServingFactory =
    @Sendable (_ supervisor: ModelSupervisor, _ spec: ModelSpec) async throws ->
    any GenerationServing
