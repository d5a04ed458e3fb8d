import Synchronization

/// One loaded state of a deployment: a library, a model, and what serves it. Replaced as a whole.
final class Generation: Sendable {
    let number: Int
    let plugin: StagedPlugin
    let description: ModelDescription
    let supervisor: ModelSupervisor
    let serving: any GenerationServing
    /// What is wrong with the model without keeping it from serving, and what is to be known of how it came
    /// up.
    let warnings: [String]
    let start: StartControl
    let pins = InFlightCount()

    init(
        number: Int, plugin: StagedPlugin, description: ModelDescription,
        supervisor: ModelSupervisor, serving: any GenerationServing, warnings: [String],
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
        await pins.waitForZero(atMost: limit)
        await serving.drain(upTo: max(.zero, limit - (.now - start)))
        await serving.stop()
        await BlockingThread.run("roost-close") { [supervisor] in supervisor.stop() }
    }
}

/// The right to use a generation, which is not closed before every lease is back.
package final class Lease: Sendable {
    private let generationObject: Generation
    private let returned = Atomic<Bool>(false)

    init(_ generation: Generation) {
        generationObject = generation
        generation.pins.add()
    }

    deinit {
        release()
    }

    package var generation: Int { generationObject.number }
    package var serving: any GenerationServing { generationObject.serving }
    package var description: ModelDescription { generationObject.description }
    /// The content hash of the plugin's library.
    package var libraryHash: String { generationObject.plugin.library.hash }

    /// Gives the right back; also happens when the lease goes. Idempotent.
    package func release() {
        if !returned.exchange(true, ordering: .relaxed) { generationObject.pins.remove() }
    }
}
