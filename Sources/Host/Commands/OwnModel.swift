import FoundationEssentials
import Glibc
import PluginHost

/// A model that a command opens for itself, as the host opens one.
struct OwnModel {
    let model: any LoadedModel
    /// The name of the plugin that serves it.
    let plugin: String
    let loadTime: Duration
    private let store = LibraryStore()

    /// - Parameter plugins: those that are asked, unless the model names its own.
    /// - Throws: `OwnModelError` for a model that nobody serves.
    init(_ spec: ModelSpec, plugins: [PluginSpec]) throws {
        let loader = ModelLoader(PluginHostOptions(store: store.path))
        let plugin = try Self.choose(among: plugins, for: spec, loader)
        let clock = ContinuousClock()
        let started = clock.now
        model = try loader.launch(
            try loader.stage(plugin), name: spec.name, OpenRequest(spec))
        self.plugin = plugin.name
        loadTime = clock.now - started
    }

    func close() {
        model.close()
    }

    /// The folder of the copies of libraries, which goes with the model, or with the refusal to open it.
    private final class LibraryStore: Sendable {
        let path = FileManager.default.temporaryDirectory.path + "/roost-model-\(getpid())"

        deinit {
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    private static func choose(
        among plugins: [PluginSpec], for spec: ModelSpec, _ loader: ModelLoader
    ) throws -> PluginSpec {
        if let name = spec.plugin {
            guard let plugin = plugins.first(where: { $0.name == name }) else {
                throw OwnModelError.noPlugin(name)
            }
            return plugin
        }
        var best: (plugin: PluginSpec, score: Int)?
        var reasons: [String] = []
        for plugin in plugins {
            do {
                let score = try loader.ask(plugin, OpenRequest(spec)).score
                if score > (best?.score ?? 0) { best = (plugin, score) }
            } catch {
                reasons.append("\(plugin.name): \(error)")
            }
        }
        guard let best else {
            throw OwnModelError.nobodyServes("\(ModelFiles(spec.source))", reasons: reasons)
        }
        return best.plugin
    }
}

enum OwnModelError: Error, CustomStringConvertible {
    case noPlugin(String)
    case nobodyServes(String, reasons: [String])

    var description: String {
        switch self {
        case .noPlugin(let name): "the settings have no plugin '\(name)', which the model names"
        case .nobodyServes(let files, let reasons):
            (["no plugin serves \(files)"] + reasons).joined(separator: "; ")
        }
    }
}
