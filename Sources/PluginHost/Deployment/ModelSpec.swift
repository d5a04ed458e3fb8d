/// Where a plugin's code runs.
package enum Isolation: String, Sendable, CaseIterable {
    case worker
    case inProcess = "in-process"
}

/// A plugin as the settings name it.
package struct PluginSpec: Sendable, Hashable {
    package var name: String
    /// A file name to search for, or a path.
    package var library: String
    package var isolation: Isolation
    /// What its workers get of the host's environment.
    package var environment: WorkerEnvironment

    package init(
        name: String, library: String, isolation: Isolation = .worker,
        environment: WorkerEnvironment = WorkerEnvironment()
    ) {
        self.name = name
        self.library = library
        self.isolation = isolation
        self.environment = environment
    }
}

/// A model as the settings or an admin name it.
package struct ModelSpec: Sendable, Equatable {
    package enum Load: String, Sendable, CaseIterable {
        case start
        case firstUse = "first-use"
    }

    /// What clients ask for.
    package var name: String
    /// Nil: every plugin is probed and the best score wins.
    package var plugin: String?
    /// A file or a directory.
    package var source: String
    package var load: Load
    /// Positions per sequence; 0 is the model's own limit.
    package var context: Int
    /// Sequences that share a batch.
    package var parallel: Int
    /// Rows per forward; 0 is the plugin's choice.
    package var batch: Int
    /// Bytes that the model and its context may take; 0 is no limit.
    package var memoryBudget: UInt64
    /// The model's own settings: a JSON object, or empty.
    package var configJSON: String
    /// How long it may take to open, and then to take its first step; nil is the host's choice.
    package var loadTimeout: Duration?
    /// How long one of its calls may take that has no deadline of its own; nil is the host's choice.
    package var stepTimeout: Duration?

    package init(
        name: String, plugin: String? = nil, source: String, load: Load = .start, context: Int = 0,
        parallel: Int = 8, batch: Int = 0, memoryBudget: UInt64 = 0, configJSON: String = "",
        loadTimeout: Duration? = nil, stepTimeout: Duration? = nil
    ) {
        self.name = name
        self.plugin = plugin
        self.source = source
        self.load = load
        self.context = context
        self.parallel = parallel
        self.batch = batch
        self.memoryBudget = memoryBudget
        self.configJSON = configJSON
        self.loadTimeout = loadTimeout
        self.stepTimeout = stepTimeout
    }
}
