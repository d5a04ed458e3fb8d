import Synchronization

/// A plugin whose library has an inspected private copy.
package struct StagedPlugin: Sendable, Equatable {
    package let spec: PluginSpec
    package let library: StagedLibrary
    /// Findings that do not keep it from being loaded.
    package let warnings: [ELFReport.Finding]
}

/// Why a library is not loaded, before any of its code has run.
struct LibraryRefusal: Error, CustomStringConvertible {
    let path: String
    let findings: [ELFReport.Finding]

    var reason: String { "\(path): \(findings.map(\.message).joined(separator: "; "))" }
    var fix: String { findings.map(\.fix).joined(separator: "; ") }
    var description: String {
        "\(path): \(findings.map(String.init(describing:)).joined(separator: "; "))"
    }
}

/// Loads models, in a worker or in this process. Copies of this value share what is known about
/// libraries.
package struct ModelLoader: Sendable {
    private let options: PluginHostOptions
    private let kept = KeptLibraries()
    private let probes = ProbeWorkers()

    package init(_ options: PluginHostOptions) {
        self.options = options
    }

    /// Finds the library, copies it and inspects the copy.
    ///
    /// - Throws: `ModelFailure`, or `LibraryRefusal` for a library that must not be loaded.
    package func stage(_ spec: PluginSpec) throws -> StagedPlugin {
        let path = try locate(spec)
        let library = try staging(.stage) {
            try StagedLibrary.stage(path, in: options.store)
        }
        let report = try staging(.preflight) {
            try kept.report(of: library) { report in
                for finding in report.findings where !finding.isRefusal(in: spec.isolation) {
                    options.log(
                        LogLine(
                            level: .warning, source: spec.name, text: String(describing: finding)))
                }
            }
        }
        let refusals = report.refusals(in: spec.isolation)
        guard refusals.isEmpty else { throw LibraryRefusal(path: path, findings: refusals) }
        return StagedPlugin(spec: spec, library: library, warnings: report.findings)
    }

    /// Asks a plugin to score a model, for as long as the choice between plugins may take. Blocks.
    package func probe(
        _ plugin: StagedPlugin, _ request: OpenRequest, start: StartControl = StartControl()
    ) throws -> Probe {
        switch plugin.spec.isolation {
        case .inProcess:
            let library = try attached(plugin)
            kept.note(library.identity, of: plugin.library.path)
            return try library.probe(request, trace: .none)
        case .worker:
            return try ask(plugin.spec, plugin.library.path, copy: plugin.library, request, start)
        }
    }

    /// What a plugin says about itself, once it has been asked about a model.
    package func identity(of plugin: StagedPlugin) -> PluginIdentity? {
        kept.identity(of: plugin.library.path)
    }

    /// Asks a plugin in a worker.
    private func ask(
        _ spec: PluginSpec, _ path: String, copy: StagedLibrary?, _ request: OpenRequest,
        _ start: StartControl
    ) throws -> Probe {
        let starting = { @Sendable in
            let worker = try probeWorker(spec, path, start)
            kept.note(worker.identity, of: path)
            return worker
        }
        return try probes.ask(spec, path, copy: copy, start: starting) { worker in
            start.show(worker.process, of: spec.name)
            return try worker.line.probe(request, limit: options.limits.choice)
        }
    }

    private func probeWorker(
        _ spec: PluginSpec, _ path: String, _ start: StartControl
    ) throws -> ProbeWorker.Running {
        let process = try WorkerProcess(worker(of: spec), name: spec.name, log: options.log)
        start.show(process, of: spec.name)
        do {
            let line = WorkerLine(process, process.control)
            let end = MonotonicTime.now + options.limits.choice
            let identity = try line.attach(path, in: process, options.limits, by: end)
            return ProbeWorker.Running(process: process, line: line, identity: identity)
        } catch {
            process.abandon()
            throw error
        }
    }

    /// Opens a model. Blocks.
    ///
    /// - Parameters:
    ///   - name: the model's, for the log.
    ///   - start: ends it early, before it is open.
    package func launch(
        _ plugin: StagedPlugin, name: String, _ request: OpenRequest,
        limits: WorkerLimits? = nil, start: StartControl = StartControl()
    ) throws -> any LoadedModel {
        switch plugin.spec.isolation {
        case .inProcess: try InProcessModel(attached(plugin), request)
        case .worker:
            try WorkerModel(
                worker(of: plugin.spec), name: name, plugin, request,
                limits: limits ?? options.limits, start: start, log: options.log)
        }
    }

    private func worker(of spec: PluginSpec) -> WorkerLaunch {
        var launch = options.worker
        launch.environment = spec.environment
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
        } catch let error as StagingError where error.lacksFiles {
            throw ModelFailure.load(stage: .start, reason: error.description)
        } catch {
            throw ModelFailure.load(stage: stage, reason: String(describing: error))
        }
    }
}

// MARK: - Without a store

extension ModelLoader {
    /// Inspects a library in place.
    ///
    /// - Returns: what may do harm.
    /// - Throws: `ModelFailure`, or `LibraryRefusal` for a library that must not be loaded.
    package func inspect(_ spec: PluginSpec) throws -> [ELFReport.Finding] {
        let path = try locate(spec)
        let report = try staging(.preflight) { try ELFPreflight.inspect(path) }
        let refusals = report.refusals(in: spec.isolation)
        guard refusals.isEmpty else { throw LibraryRefusal(path: path, findings: refusals) }
        return report.findings
    }

    /// Asks a plugin in place, in a worker whatever its isolation, about a model and its settings.
    package func ask(_ spec: PluginSpec, _ request: OpenRequest) throws -> Probe {
        try ask(spec, locate(spec), copy: nil, request, StartControl())
    }

    /// The identity of a plugin that was asked in place.
    package func identity(of spec: PluginSpec) -> PluginIdentity? {
        (try? locate(spec)).flatMap(kept.identity)
    }

    private func locate(_ spec: PluginSpec) throws -> String {
        try PluginLocator(pluginPath: options.pluginPath).find(spec.library)
    }
}

/// The current copy of each library, with the findings about it: it stays even if no model uses it,
/// and is inspected once.
private final class KeptLibraries: Sendable {
    private struct Kept {
        let library: StagedLibrary
        let report: ELFReport
    }

    /// By the paths of the authors' files.
    private let kept = Mutex<[String: Kept]>([:])
    /// What plugins that were asked say of themselves, by the paths from which they were loaded: that of a
    /// copy names its content.
    private let identities = Mutex<[String: PluginIdentity]>([:])
    private let looking = TurnLock()

    /// - Parameter whenNew: called for a library that was not inspected before.
    func report(
        of library: StagedLibrary, whenNew: (ELFReport) -> Void
    ) throws -> ELFReport {
        try looking.exclusively {
            if let known = kept.withLock({ $0[library.source] }), known.library == library {
                return known.report
            }
            let report = try ELFPreflight.inspect(library.path)
            whenNew(report)
            // What a refused library lacks may exist the next time.
            let replaced = kept.withLock { kept -> Kept? in
                let replaced = kept[library.source]
                kept[library.source] =
                    report.isLoadable ? Kept(library: library, report: report) : nil
                return replaced
            }
            // Its folder is removed here, outside of the lock.
            withExtendedLifetime(replaced) {}
            return report
        }
    }

    func note(_ identity: PluginIdentity, of path: String) {
        identities.withLock { $0[path] = identity }
    }

    func identity(of path: String) -> PluginIdentity? {
        identities.withLock { $0[path] }
    }
}

extension OpenRequest {
    package init(_ spec: ModelSpec) {
        self.init(
            path: spec.source, configJSON: spec.configJSON, sequences: spec.parallel,
            contextLength: spec.context, batchSize: spec.batch, budgetBytes: spec.memoryBudget)
    }
}
