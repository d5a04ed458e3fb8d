import Synchronization

/// The workers in which plugins are asked about models: one per plugin, as long as there are
/// questions.
final class ProbeWorkers: Sendable {
    /// What a worker is one of: the settings of its plugin decide how it runs.
    private struct Key: Hashable {
        let plugin: PluginSpec
        let library: String
    }

    private struct State {
        var workers: [Key: ProbeWorker] = [:]
        var asking = 0
        var uses = 0
    }

    /// How long workers wait for the next model: those of a start, or of a folder, come close together.
    private static let rest: Duration = .seconds(1)

    private let state = Mutex(State())

    /// Asks a plugin, after those who asked it before. Blocks.
    ///
    /// - Parameters:
    ///   - library: what the worker that `start` gives has attached.
    ///   - copy: kept as long as the worker.
    /// - Throws: what the plugin answered, or how its worker ended.
    func ask<Answer>(
        _ plugin: PluginSpec, _ library: String, copy: StagedLibrary?,
        start: @escaping @Sendable () throws -> ProbeWorker.Running,
        _ question: (ProbeWorker.Running) throws -> Answer
    ) throws -> Answer {
        let key = Key(plugin: plugin, library: library)
        let worker = state.withLock { state in
            state.asking += 1
            if let worker = state.workers[key] { return worker }
            let worker = ProbeWorker(copy, start: start)
            state.workers[key] = worker
            return worker
        }
        defer { leave() }
        return try worker.ask(question)
    }

    private func leave() {
        let use = state.withLock { state -> Int? in
            state.asking -= 1
            state.uses += 1
            return state.asking == 0 ? state.uses : nil
        }
        guard let use else { return }
        Task { [weak self] in
            try? await Task.sleep(for: Self.rest)
            self?.endUnused(since: use)
        }
    }

    private func endUnused(since use: Int) {
        let unused = state.withLock { state -> [ProbeWorker] in
            guard state.asking == 0, state.uses == use else { return [] }
            defer { state.workers = [:] }
            return Array(state.workers.values)
        }
        guard !unused.isEmpty else { return }
        BlockingThread.start("roost-probe-end") { for worker in unused { worker.end() } }
    }
}

/// One plugin in a worker of its own, which is asked about one model at a time.
final class ProbeWorker: Sendable {
    /// A worker that has attached the library.
    struct Running: Sendable {
        let process: WorkerProcess
        let line: WorkerLine
        let identity: PluginIdentity
    }

    private struct State {
        var running: Running?
        var hung: ModelFailure?
    }

    private let copy: StagedLibrary?
    private let start: @Sendable () throws -> Running
    private let turn = TurnLock()
    private let state = Mutex(State())

    init(_ copy: StagedLibrary?, start: @escaping @Sendable () throws -> Running) {
        self.copy = copy
        self.start = start
    }

    deinit {
        end()
    }

    /// A caller queued after a question on which the plugin hung is told so, and does not hang as
    /// long again.
    func ask<Answer>(_ question: (Running) throws -> Answer) throws -> Answer {
        try turn.exclusively {
            if let hung = state.withLock({ $0.hung }) { throw hung }
            do {
                return try question(try running())
            } catch let failure as ModelFailure {
                if failure.isFatal { end() }
                if case .hung = failure { state.withLock { $0.hung = failure } }
                throw failure
            }
        }
    }

    private func running() throws -> Running {
        if let running = state.withLock({ $0.running }) {
            if running.process.end == nil { return running }
            end()
        }
        let running = try start()
        state.withLock { $0.running = running }
        return running
    }

    func end() {
        let running = state.withLock { state in
            defer { state.running = nil }
            return state.running
        }
        running?.process.abandon()
    }
}
