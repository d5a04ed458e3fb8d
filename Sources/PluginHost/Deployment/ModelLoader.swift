/// A plugin whose library has a private copy that was looked at.
package struct StagedPlugin: Sendable, Equatable {
    package let spec: PluginSpec
    package let library: StagedLibrary
}

/// Brings models up, in a worker or in this process.
package struct ModelLoader: Sendable {
    private let options: PluginHostOptions

    package init(_ options: PluginHostOptions) {
        self.options = options
    }

    /// Finds the library, copies it and looks into the copy.
    package func stage(_ spec: PluginSpec) throws -> StagedPlugin {
        let path = try PluginLocator(pluginPath: options.pluginPath).find(spec.library)
        let library = try staging(.stage) {
            try StagedLibrary.stage(path, in: options.store)
        }
        let report = try staging(.preflight) {
            try ELFPreflight.inspect(library.path)
        }
        for finding in report.findings where finding.severity == .warning {
            options.log(
                LogLine(level: .warning, source: spec.name, text: String(describing: finding)))
        }
        guard report.isLoadable else {
            let refused = report.findings.filter { $0.severity == .refused }
            throw ModelFailure.load(
                stage: .preflight,
                reason: "\(path): \(refused.map(String.init(describing:)).joined(separator: "; "))")
        }
        return StagedPlugin(spec: spec, library: library)
    }

    /// Asks a plugin what it thinks of a model. Blocks.
    package func probe(_ plugin: StagedPlugin, _ request: OpenRequest) throws -> ProbeResult {
        switch plugin.spec.isolation {
        case .inProcess:
            return try attached(plugin).probe(request, trace: .none)
        case .worker:
            let process = try WorkerProcess(
                worker(of: plugin), name: plugin.spec.name, log: options.log)
            defer { process.abandon() }
            let line = WorkerLine(process, process.control)
            try line.hello(options.limits)
            return try line.probe(
                LoadCall(library: plugin.library.path, request: request), options.limits)
        }
    }

    /// Opens a model. Blocks.
    ///
    /// - Parameter name: the model's, for the log.
    package func launch(
        _ plugin: StagedPlugin, name: String, _ request: OpenRequest
    ) throws -> any LoadedModel {
        switch plugin.spec.isolation {
        case .inProcess: try InProcessModel(attached(plugin), request)
        case .worker:
            try WorkerModel(
                worker(of: plugin), name: name,
                call: LoadCall(library: plugin.library.path, request: request),
                limits: options.limits, log: options.log)
        }
    }

    private func worker(of plugin: StagedPlugin) -> WorkerLaunch {
        var launch = options.worker
        launch.environment = plugin.spec.environment
        return launch
    }

    private func attached(_ plugin: StagedPlugin) throws -> PluginLibrary {
        try InProcessLibraries.shared.library(plugin.library.path, log: options.log)
    }

    /// Turns an error of another kind into a failure of a stage.
    private func staging<Value>(_ stage: LoadStage, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let failure as ModelFailure {
            throw failure
        } catch {
            throw ModelFailure.load(stage: stage, reason: String(describing: error))
        }
    }
}

extension OpenRequest {
    init(_ spec: ModelSpec) {
        self.init(
            source: spec.source, configJSON: spec.configJSON, sequences: spec.parallel,
            contextLength: spec.context, batchRows: spec.batch)
    }
}
