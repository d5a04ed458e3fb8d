package import PluginHost
package import Services

/// What `plugins.toml` says, checked: paths are absolute, keys are read, names are unique.
package struct Settings: Sendable {
    package var server: Server
    package var plugins: [Plugin]
    package var models: [Model]
    package var search = Search()
    package var collections: [Collection] = []
    /// The folder of the settings file, where relative paths start.
    package var folder = ""
    package var file = ""
    /// Problems that keep single models or plugins from serving.
    package var problems: [SettingsError.Problem] = []
    /// The line of every key that was read, by its path: `models[0].settings.steps`.
    package var lines: [String: Int] = [:]

    /// `[server]`
    package struct Server: Sendable {
        package var listen: ListenAddress
        package var data: String
        package var apiKeys: [String]
        package var adminKeys: [String]
        /// What is said of the keys whose requests are not like all others'.
        package var standings: [Owner: Standing] = [:]
        package var corsOrigins: [String]
        package var maximumBody: Int
        /// Texts in one request of the routes that take many.
        package var maximumInputs: Int
        /// Whether unknown members of requests are refused rather than ignored.
        package var isStrict: Bool
        package var drainTimeout: Duration
        package var logFormat: LogFormat
        /// Folders that are searched for libraries.
        package var pluginPath: [String] = []
        /// The folder whose models are found by themselves.
        package var modelFolder: String?
    }

    /// `[search]`
    package struct Search: Sendable {
        /// Threads of one query.
        package var threads = 2
        /// From this many rows on, a graph is searched instead of all rows.
        package var graphAbove = 1_000_000
        /// The largest document that a collection accepts, in bytes.
        package var largestImport = 4 << 30
    }

    /// `[[collections]]`: a file that is put as a collection at the start.
    package struct Collection: Sendable {
        package var name: String
        package var source: String
        package var text: [String]?
        package var id: String?
        package var model: String?
        package var hasHeader: Bool?
    }

    /// `[plugins.NAME]`
    package struct Plugin: Sendable {
        package var name: String
        package var library: String
        package var isolation: Isolation
        /// Variables of the host's environment that its workers get beside the usual ones.
        package var environment: [String]
    }

    /// `[[models]]`, or a file found in the folder that `models` of `[server]` names.
    package struct Model: Sendable {
        package var name: String
        package var plugin: String?
        package var source: String?
        package var load: ModelSpec.Load
        package var idleUnload: Duration?
        package var context: Int?
        package var parallel: Int
        /// How long one call, such as a step, may take before the model counts as hung.
        package var stepTimeout: Duration
        /// How long opening may take, and then the first step.
        package var loadTimeout: Duration
        /// Requests that may wait; nil is the engine's choice.
        package var queue: Int?
        /// Whether what a text repeats is guessed, where that is faster.
        package var speculates = false
        /// Bytes that it and its context may take; nil is no limit.
        package var memoryBudget: UInt64?
        package var defaultFor: [Capability]
        /// Left out while its source does not exist.
        package var isOptional: Bool
        /// Defaults for requests that do not set them.
        package var sampling: SamplingChoices
        /// How its chats are put into text, and its answers read.
        package var chat = Chat()
        /// By distinct names, in the order of their names.
        package var adapters: [Adapter] = []
        /// A JSON object for the plugin, or empty.
        package var settings: String
        /// Its table in the file: `models[0]`; nil for one found in the folder.
        package var path: String?
    }

    /// What a model's settings say of its chats.
    package struct Chat: Sendable, Equatable {
        /// A Jinja template instead of the model's own, or the name of one of those.
        package var template: String?
        /// How the model writes calls of tools; nil for what the template shows.
        package var toolFormat: ToolFormat?

        package init() {}
    }

    /// An entry of `[models.adapters]`.
    package struct Adapter: Sendable, Equatable {
        package var name: String
        package var source: String
    }

    package enum LogFormat: String, Sendable, CaseIterable {
        case auto
        case text
        case json
    }
}

extension Settings.Model {
    /// A model with the defaults of every key but its name.
    package init(name: String, source: String?) {
        self.init(
            name: name, plugin: nil, source: source, load: .firstUse, idleUnload: nil, context: nil,
            parallel: 8, stepTimeout: .seconds(120), loadTimeout: .seconds(600), queue: nil,
            memoryBudget: nil, defaultFor: [], isOptional: false, sampling: SamplingChoices(),
            settings: "")
    }
}
