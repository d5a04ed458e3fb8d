import Engine
import JSON
import PluginHost

/// Checks a settings file against libraries and plugins before anything is loaded: the files are
/// inspected, and plugins are asked about models and their settings, in workers with a deadline.
struct SettingsCheck {
    /// What keeps a plugin or a model from serving.
    private(set) var problems: [SettingsError.Problem]
    private(set) var warnings: [SettingsError.Problem] = []
    private let settings: Settings
    private let loader: ModelLoader
    /// The plugins that can be asked.
    private var plugins: [PluginSpec] = []

    /// Blocks until all have answered.
    init(_ settings: Settings) {
        self.settings = settings
        problems = settings.problems
        var options = PluginHostOptions(store: "")
        options.limits.load = .seconds(10)
        loader = ModelLoader(options)
        for plugin in settings.plugins where !isReported("plugins.\(plugin.name).library") {
            look(plugin)
        }
        for model in settings.models where !isReported((model.path ?? "") + ".source") {
            look(model)
        }
    }

    private func isReported(_ key: String) -> Bool {
        settings.problems.contains { $0.key == key }
    }

    private func problem(_ message: String, at key: String) -> SettingsError.Problem {
        SettingsError.Problem(
            file: settings.file, line: settings.lines[key], key: key, message: message)
    }

    private mutating func look(_ plugin: Settings.Plugin) {
        let key = "plugins.\(plugin.name).library"
        do {
            for finding in try loader.inspect(plugin.spec) {
                warnings.append(problem(String(describing: finding), at: key))
            }
            plugins.append(plugin.spec)
        } catch {
            problems.append(problem(String(describing: error), at: key))
        }
    }
}

// MARK: - Models

extension SettingsCheck {
    private mutating func look(_ model: Settings.Model) {
        var answers: [(plugin: String, answer: UnservedModel.Answer)] = []
        var families: [String: [String]] = [:]
        var isServed = false
        let asked = plugins.filter { model.plugin == nil || $0.name == model.plugin }
        // Its plugin is reported already.
        if model.plugin != nil, asked.isEmpty { return }
        for plugin in asked where !isServed {
            defer { families[plugin.name] = loader.identity(of: plugin)?.families }
            do {
                isServed = try loader.ask(plugin, OpenRequest(model.spec)).score > 0
                answers.append((plugin.name, .notMine))
            } catch {
                let reason = Self.reason(error)
                answers.append((plugin.name, .refused(reason)))
                if model.plugin != nil { return report(reason, on: model) }
            }
        }
        if isServed { return }
        let files = ModelFiles(model.source ?? "")
        if let plugin = model.plugin {
            // It may still open: the plugin is named, so the score does not decide.
            if model.source != nil {
                warn(
                    "'\(files.name)' \(files), of which \(plugin) says that it does not serve it",
                    model)
            }
        } else {
            let unserved = UnservedModel(files: files, answers: answers, families: families)
            report(unserved.description, on: model)
        }
    }

    private static func reason(_ error: any Error) -> String {
        if case ModelFailure.load(.probe, let reason) = error { return reason }
        return String(describing: error)
    }

    /// At the setting that the message names, else at the model's files.
    private mutating func report(_ message: String, on model: Settings.Model) {
        guard let path = model.path else { return warn(message, model) }
        let settings = (try? JSONValue(parsing: Array(model.settings.utf8)))?.object?.members ?? []
        let named = settings.map(\.key).first { message.contains(word: $0) }
        let key = named.map { "\(path).settings.\($0)" } ?? "\(path).source"
        problems.append(problem(message, at: self.settings.lines[key] == nil ? path : key))
    }

    private mutating func warn(_ message: String, _ model: Settings.Model) {
        let key = model.path.map { $0 + ".source" } ?? "server.models"
        warnings.append(problem("model '\(model.name)': \(message)", at: key))
    }
}

extension String {
    /// Whether the text has the word, not merely a longer one around it.
    fileprivate func contains(word: String) -> Bool {
        ranges(of: word).contains { range in
            let before = self[..<range.lowerBound].last
            let after = self[range.upperBound...].first
            return ![before, after].contains { $0?.isLetter == true || $0 == "_" }
        }
    }
}
