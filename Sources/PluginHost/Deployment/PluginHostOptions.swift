/// What holds for all plugins and models of a host.
package struct PluginHostOptions: Sendable {
    /// Folders that are searched for libraries, after the executable's own.
    package var pluginPath: [String]
    /// The folder of the private copies of libraries.
    package var store: String
    package var worker = WorkerLaunch()
    package var limits = WorkerLimits()
    package var restart = RestartPolicy()
    package var selfTestLimit: Duration = .seconds(10)
    /// How long a generation that was replaced may go on with its work.
    package var drainTimeout: Duration = .seconds(60)
    /// How long a model that could not be loaded is not tried again on first use.
    package var loadCooldown: Duration = .seconds(5)
    package var log: LogHandler

    package init(
        pluginPath: [String] = [], store: String, log: @escaping LogHandler = { _ in }
    ) {
        self.pluginPath = pluginPath
        self.store = store
        self.log = log
    }
}
