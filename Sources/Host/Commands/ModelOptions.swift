import ArgumentParser
import JSON

/// The keys of `[[models]]` as options.
struct ModelOptions: ParsableArguments {
    @Option(help: "A file or a directory.") var source: String?
    @Option(help: "The plugin that opens it; by default the one that knows it best.")
    var plugin: String?
    @Option(help: "When: start (now, by default) or first-use.") var load: String?
    @Option(help: "Unload it after so long without requests, such as 10m.") var idleUnload: String?
    @Option(help: "Positions of its context.") var context: Int?
    @Option(help: "Requests at a time.") var parallel: Int?
    @Option(help: "Requests that may wait.") var queue: Int?
    @Option(help: "Memory that it may take, such as 12GiB.") var memoryBudget: String?
    @Option(help: "How long a step may take, such as 120s.") var stepTimeout: String?
    @Option(help: "How long opening it may take, and then its first step, such as 10m.")
    var loadTimeout: String?
    @Option(help: "An ability for which it is the default; may be given several times.")
    var defaultFor: [String] = []
    @Option(help: "JSON: what requests sample with that do not say it.") var sampling: String?
    @Option(help: "JSON for the plugin.") var settings: String?

    /// - Throws: `ValidationError` for JSON that is none.
    func json(name: String, for url: HostURL) throws -> JSONValue {
        var body = JSONObject()
        body["name"] = .string(name)
        body["source"] = source.map { .string(url.path($0)) }
        body["plugin"] = plugin.map { .string($0) }
        body["load"] = load.map { .string($0) }
        body["idle_unload"] = idleUnload.map { .string($0) }
        body["context"] = context.map { .integer($0) }
        body["parallel"] = parallel.map { .integer($0) }
        body["queue"] = queue.map { .integer($0) }
        body["memory_budget"] = memoryBudget.map { .string($0) }
        body["step_timeout"] = stepTimeout.map { .string($0) }
        body["load_timeout"] = loadTimeout.map { .string($0) }
        if !defaultFor.isEmpty { body["default_for"] = .array(defaultFor.map { .string($0) }) }
        body["sampling"] = try Self.value(sampling, of: "--sampling")
        body["settings"] = try Self.value(settings, of: "--settings")
        return .object(body)
    }

    private static func value(_ text: String?, of option: String) throws -> JSONValue? {
        guard let text else { return nil }
        do {
            return try JSONValue(parsing: text)
        } catch {
            throw ValidationError("\(option): \(error)")
        }
    }
}
