/// A model that is open and has one context: inside the host or in a worker process.
///
/// Its calls are in `Calls`, one file per extension. Calls block; none may run on Swift's
/// cooperative pool. Calls tagged lane come from one thread at a time, which may differ from call
/// to call. Everything that a plugin answers has been checked before it is returned from here.
package protocol LoadedModel: AnyObject, Sendable {
    /// What the plugin says about itself and the model, copied at load.
    var description: ModelDescription { get }

    /// The vocabulary, copied at load; nil for a model without text.
    var vocabulary: Vocabulary? { get }

    /// The process that runs the plugin when it is not this one.
    var processID: Int32? { get }

    /// Has the plugin answer.
    ///
    /// - Parameter deadline: how long that may take, if the call has no limit of its own; nil is
    ///   unlimited.
    /// - Throws: `ModelFailure`; `.refused` with `.unsupported` if the model has no function for
    ///   it.
    @discardableResult
    func call<Call: ModelCall>(_ call: Call, deadline: Duration?) throws -> Call.Result

    /// Asks the lane call in flight to stop soon; without one it does nothing. From any thread.
    func requestCancel()

    /// Calls `handler` once if the model dies without being asked to, also while idle.
    func onDeath(_ handler: @escaping @Sendable (ModelFailure) -> Void)

    /// Calls `handler` for every call that the plugin refuses because of its own fault or that of
    /// the model's files, not the caller's.
    func onRefusal(_ handler: @escaping @Sendable (ModelFailure) -> Void)

    /// Closes the model and ends its worker. Idempotent; no lane call may be in flight in-process.
    func close()
}

extension LoadedModel {
    package var processID: Int32? { nil }
    package func onDeath(_ handler: @escaping @Sendable (ModelFailure) -> Void) {}
    package func onRefusal(_ handler: @escaping @Sendable (ModelFailure) -> Void) {}

    @discardableResult
    func call<Call: ModelCall>(_ call: Call) throws -> Call.Result {
        try self.call(call, deadline: nil)
    }
}
