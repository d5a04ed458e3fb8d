import Synchronization

/// What answers requests with one revision's model; the engine's part of a deployment.
package protocol RevisionServing: AnyObject, Sendable {
    /// Faults of the model that do not keep it from serving.
    var warnings: [String] { get }

    /// Takes no new work and returns when all work is done, or after `limit`.
    func drain(upTo limit: Duration) async

    /// Ends the remaining work, each piece with an error, and returns when nothing calls the model,
    /// or shortly after if a call hangs.
    func stop() async
}

extension RevisionServing {
    package var warnings: [String] { [] }
}

/// Makes what serves a revision, once its model is up. The supervisor is not stopped before
/// `stop()` has returned.
package typealias ServingFactory<Serving> =
    @Sendable (_ supervisor: ModelSupervisor, _ spec: ModelSpec) async throws -> Serving

/// One loaded state of a deployment: a library, a model, and what serves it. Replaced as a whole.
final class Revision<Serving: RevisionServing>: Sendable {
    let number: Int
    let plugin: StagedPlugin
    let description: ModelDescription
    let supervisor: ModelSupervisor
    let serving: Serving
    /// Faults of the model that do not keep it from serving, and notes about how it started.
    let warnings: [String]
    let start: StartControl
    let leases = InFlightCount()

    init(
        number: Int, plugin: StagedPlugin, description: ModelDescription,
        supervisor: ModelSupervisor, serving: Serving, warnings: [String],
        start: StartControl
    ) {
        self.number = number
        self.plugin = plugin
        self.description = description
        self.supervisor = supervisor
        self.serving = serving
        self.warnings = warnings
        self.start = start
    }

    /// What its library's file shows too.
    var allWarnings: [String] {
        plugin.warnings.map(String.init(describing:)) + warnings
    }

    /// Lets the work in progress end, for at most `limit`, then closes the model.
    func retire(within limit: Duration) async {
        let start = MonotonicTime.now
        await leases.waitForZero(atMost: limit)
        await serving.drain(upTo: max(.zero, limit - (.now - start)))
        await serving.stop()
        await BlockingThread.run("roost-close") { [supervisor] in supervisor.stop() }
    }
}

/// The right to use a revision, which is not closed before every lease is back.
package final class Lease<Serving: RevisionServing>: Sendable {
    private let held: Revision<Serving>
    private let returned = Atomic<Bool>(false)

    init(_ revision: Revision<Serving>) {
        held = revision
        revision.leases.add()
    }

    deinit {
        release()
    }

    package var revision: Int { held.number }
    package var serving: Serving { held.serving }
    package var description: ModelDescription { held.description }
    /// The content hash of the plugin's library.
    package var libraryHash: String { held.plugin.library.hash }

    /// Gives the right back; also happens when the lease goes. Idempotent.
    package func release() {
        if !returned.exchange(true, ordering: .relaxed) { held.leases.remove() }
    }
}
