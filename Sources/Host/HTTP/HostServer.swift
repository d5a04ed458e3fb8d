import Hummingbird
package import Logging
import NIOCore
package import SearchCollections
import ServiceLifecycle

/// The host's HTTP side: its routes and what every request passes through.
package struct HostServer: Sendable {
    package let models: Models
    package let workload = Workload()
    private let settings: Settings.Server
    private let libraries: AdminLibraries
    private let ownAdminKey: String?
    private let store: ConversationStore
    private let collections: CollectionStore?
    private let logger: Logger

    /// The APIs that are spoken.
    package var dialects = Dialects.all
    /// How long a silent event stream stays without a ping.
    package var pingInterval: Duration = .seconds(15)
    /// How long a connection may be idle between requests.
    private static let idleTimeout = TimeAmount.seconds(120)

    /// How long streams that were cut have for their last event.
    package static let lastWords = Duration.seconds(2)

    /// - Parameter ownAdminKey: the key of the admin routes if the settings name none.
    package init(
        _ settings: Settings, models: Models, store: ConversationStore,
        collections: CollectionStore? = nil, ownAdminKey: String?, logger: Logger
    ) {
        self.settings = settings.server
        libraries = AdminLibraries(settings, models.registry)
        self.ownAdminKey = ownAdminKey
        self.models = models
        self.store = store
        self.collections = collections
        self.logger = logger
    }

    /// Serves until `stop` returns, then lets responses in progress end, but not for long.
    ///
    /// - Parameter onListening: receives the port once connections are accepted.
    /// - Throws: `HostError.cannotListen`.
    package func run(
        onListening: @escaping @Sendable (Int) -> Void,
        until stop: @escaping @Sendable () async -> Void
    ) async throws {
        var configuration = ServiceGroupConfiguration(
            services: [application(onListening)], logger: logger.at(.critical))
        configuration.maximumGracefulShutdownDuration = Self.lastWords
        let group = ServiceGroup(configuration: configuration)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask {
                await stop()
                await group.triggerGracefulShutdown()
            }
            do {
                try await group.run()
            } catch {
                throw HostError.cannotListen(settings.listen, reason: String(describing: error))
            }
            tasks.cancelAll()
        }
    }

    private func application(
        _ onListening: @escaping @Sendable (Int) -> Void
    ) -> some ApplicationProtocol {
        let ping = TimeAmount.nanoseconds(Int64(pingInterval / .nanoseconds(1)))
        return Application(
            router: router(),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [ConnectionWatch(pingInterval: ping)],
                    idleTimeout: Self.idleTimeout)),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.listen.host, port: settings.listen.port),
                availableConnectionsDelegate: .maximum(
                    OpenFiles.forConnections, logger: logger.at(.critical))),
            onServerRunning: { channel in
                // Nobody is connected yet; a channel that takes no handler is about to close.
                try? await AcceptPause.add(to: channel)
                onListening(channel.localAddress?.port ?? 0)
            },
            logger: logger.at(.error))
    }

    private func router() -> Router<HTTPContext> {
        let router = Router(context: HTTPContext.self, options: .autoGenerateHeadEndpoints)
        let metrics = HTTPMetrics()
        let table = RouteTable(dialects, on: backend(metrics))
        let crossOrigin = CrossOrigin(origins: settings.corsOrigins)
        let authorization = Authorization(
            apiKeys: settings.apiKeys, adminKeys: settings.adminKeys, ownAdminKey: ownAdminKey,
            origins: crossOrigin)
        router.add(middleware: RequestLog(metrics: metrics, workload: workload, logger: logger))
        router.add(middleware: crossOrigin)
        router.add(middleware: ErrorResponses(table: table, logger: logger))
        router.add(middleware: RequestRules())
        router.add(middleware: DrainGate(workload: workload))
        let standings = settings.standings
        for entries in table.addresses {
            let first = entries[0]
            router.on(first.route.path, method: first.route.method) { request, context in
                let entry = entries.entry(of: request) ?? first
                context.record.note { $0.idHeader = entry.dialect.requestIDHeader }
                var context = context
                context.owner = try authorization.check(
                    entry.route.scope, entry.dialect, request, context.channel)
                context.standing = standings[context.owner] ?? Standing()
                return try await entry.route.respond(request, context)
            }
        }
        return router
    }

    private func backend(_ metrics: HTTPMetrics) -> Backend {
        Backend(
            models: models, workload: workload,
            body: Body(limit: settings.maximumBody, isStrict: settings.isStrict),
            inputs: InputList(most: settings.maximumInputs), store: store,
            collections: collections, libraries: libraries, metrics: metrics)
    }
}

extension Logger {
    /// The same log for a library, without its routine messages.
    fileprivate func at(_ level: Level) -> Logger {
        var quiet = self
        quiet.logLevel = max(logLevel, level)
        return quiet
    }
}

/// Why the host cannot run.
package enum HostError: Error {
    case cannotListen(ListenAddress, reason: String)
    case tooFewFiles(Int, needed: Int)
}

extension HostError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotListen(let address, let reason):
            "cannot listen at \(address): \(reason); choose another address with --listen"
        case .tooFewFiles(let limit, let needed):
            "no more than \(limit) files may be open, expected at least \(needed); raise the limit with "
                + "ulimit -n, or LimitNOFILE of the service"
        }
    }
}
