import Foundation
import Logging
import PluginHost
import SearchCollections

/// A whole host, from its settings to its end.
package struct HostProcess: Sendable {
    private let settings: Settings
    private let server: HostServer
    private let models: Models
    private let collections: HostCollections
    private let logger: Logger
    private let output: HostOutput

    package init(_ settings: Settings) {
        self.settings = settings
        HeapMemory.bound()
        SpareFiles.keepFromSQLite()
        output = HostOutput(settings.server.logFormat)
        logger = output.logger
        models = Models(settings, options: Self.options(settings, logger))
        let store = ConversationStore(HostDatabase(folder: settings.server.data))
        collections = HostCollections(settings, models: models, logger: logger)
        server = HostServer(
            settings, models: models, store: store, collections: collections.store,
            ownAdminKey: Self.ownAdminKey(settings.server, logger), logger: logger)
    }

    /// Serves until a signal asks to stop; then drains.
    /// - Throws: `HostError`.
    package func run() async throws {
        HostPrivacy.hideMemory()
        for problem in settings.problems { logger.warning("\(problem)") }
        closeDataFolder()
        Signals.ignoreBrokenPipes()
        OpenFiles.allowAll()
        try OpenFiles.check()
        let stops = Signals.stops()
        await OpenFiles.openTimers()
        let background = Task {
            await loadModels()
            await models.unloadIdle()
        }
        let keeping = Task { await collections.run() }
        let trimming = Task { await keepMemorySmall() }
        let address = settings.server.listen
        let result = await Result {
            try await server.run { port in
                let address = ListenAddress(host: address.host, port: port)
                output.say("Roost is serving at http://\(address)/")
                output.say("  `\(CommandLine.arguments[0]) open` opens it with the admin key")
            } until: {
                await drain(on: stops)
            }
        }
        background.cancel()
        keeping.cancel()
        trimming.cancel()
        await collections.store.close()
        await models.registry.stop(within: .zero)
        await output.finish()
        try result.get()
    }

    /// Returns memory of loads and large bodies to the system; ends when cancelled.
    private func keepMemorySmall() async {
        while (try? await Task.sleep(for: .seconds(5))) != nil {
            await BlockingThread.run("roost-trim") { HeapMemory.trim() }
        }
    }

    private func closeDataFolder() {
        PrivateFiles.maskNewFiles()
        let open = PrivateFiles.close(settings.server.data)
        guard let first = open.first else { return }
        logger.warning(
            "others may read \(first)\(open.count > 1 ? " and \(open.count - 1) more" : ""), whose rights cannot be changed; give the host a data folder of its own"
        )
    }

    private func loadModels() async {
        await models.start()
        for status in models.registry.models where status.load == .start || status.revision != nil {
            output.say(status.line.printable)
        }
        await models.registry.removeUnusedCopies()
    }
}

// MARK: - Stopping

extension HostProcess {
    /// Waits for the first signal and lets the work in progress end. The second one ends the process.
    private func drain(on stops: AsyncStream<Int32>) async {
        var signals = stops.makeAsyncIterator()
        guard await signals.next() != nil else { return }
        Task.detached {
            for await _ in stops { Signals.endNow() }
        }
        logger.info(
            "stopping", metadata: ["requests": .stringConvertible(server.workload.requests)])
        endInTime()
        models.registry.endStarts()
        await within(settings.server.drainTimeout) { await server.workload.drain() }
        server.workload.cut()
        await within(HostServer.lastWords) { await server.workload.drain() }
    }

    /// How much time the host takes to end after the work in progress, whatever hangs.
    private static let grace = Duration.seconds(10)

    /// Ends the process if the orderly end does not come. A separate thread does that, since
    /// anything else may hang; the workers notice and end too.
    private func endInTime() {
        let limit = settings.server.drainTimeout + Self.grace
        BlockingThread.start("roost-end") { [logger] in
            Thread.sleep(forTimeInterval: limit / .seconds(1))
            logger.error("ended without waiting any longer; something hangs")
            Signals.endNow()
        }
    }

    /// Runs `body`, but returns after `limit` at the latest and leaves it to itself.
    private func within(_ limit: Duration, _ body: @escaping @Sendable () async -> Void) async {
        let (ends, continuation) = AsyncStream<Void>.makeStream()
        let work = Task {
            await body()
            continuation.finish()
        }
        let timer = Task {
            try? await Task.sleep(for: limit)
            continuation.finish()
        }
        for await _ in ends {}
        work.cancel()
        timer.cancel()
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}

// MARK: - Parts

extension HostProcess {
    /// Nil if the settings name admin keys, and if none can be stored.
    private static func ownAdminKey(_ server: Settings.Server, _ logger: Logger) -> String? {
        guard server.adminKeys.isEmpty else { return nil }
        do {
            return try AdminKeyFile(folder: server.data).readOrMake()
        } catch {
            logger.warning("the admin routes are closed: \(error)")
            return nil
        }
    }

    private static func options(_ settings: Settings, _ logger: Logger) -> PluginHostOptions {
        var options = PluginHostOptions(
            pluginPath: settings.libraryFolders, store: settings.server.data + "/plugins"
        ) { line in
            logger.log(
                level: line.level.loggerLevel, "\(line.text)",
                metadata: ["source": .string(line.source)])
        }
        options.drainTimeout = settings.server.drainTimeout
        return options
    }
}

extension LogLevel {
    fileprivate var loggerLevel: Logger.Level {
        switch self {
        case .error: .error
        case .warning: .warning
        case .info: .info
        case .debug: .debug
        }
    }
}

extension DeploymentStatus {
    /// One line for a person: `  markov: ready, plugin markov, context 65536`.
    fileprivate var line: String {
        guard revision != nil else {
            return "  \(name): \(state.rawValue)" + (lastError.map { ", \($0)" } ?? "")
        }
        let context = description?.decode.map { ", context \($0.contextLength)" } ?? ""
        return "  \(name): \(state.rawValue), plugin \(plugin ?? "?")\(context)"
    }
}
