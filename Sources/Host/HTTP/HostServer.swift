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

    /// How long a silent event stream stays without a comment.
    package var pingInterval: Duration = .seconds(15)
    /// How long a connection may be idle between requests.
    private static let idleTimeout = TimeAmount.seconds(120)

    /// How long streams that were cut have for their last event.
    package static let lastWords = Duration.seconds(2)

    /// - Parameter ownAdminKey: the key of the admin routes where the settings name none.
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

    /// Serves until `stop` returns, then lets the responses under way end, though not for long.
    ///
    /// - Parameter onListening: told the port once connections are accepted.
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
        let routes = routes(metrics)
        let crossOrigin = CrossOrigin(origins: settings.corsOrigins)
        let authorization = Authorization(
            apiKeys: settings.apiKeys, adminKeys: settings.adminKeys, ownAdminKey: ownAdminKey,
            origins: crossOrigin)
        router.add(middleware: RequestLog(metrics: metrics, workload: workload, logger: logger))
        router.add(middleware: crossOrigin)
        router.add(middleware: ErrorResponses(routes: routes, logger: logger))
        router.add(middleware: RequestRules())
        router.add(middleware: DrainGate(workload: workload))
        for route in routes {
            router.on(route.path, method: route.method) { request, context in
                try authorization.check(route.scope, request, context.channel)
                return try await route.respond(request, context)
            }
        }
        return router
    }

    /// Those of the API also without the version in front, as some clients write them.
    private func routes(_ metrics: HTTPMetrics) -> [Route] {
        let routes = versionedRoutes(metrics)
        return routes + routes.compactMap(\.withoutVersion)
    }

    private func versionedRoutes(_ metrics: HTTPMetrics) -> [Route] {
        let body = Body(limit: settings.maximumBody, isStrict: settings.isStrict)
        let work = VectorWork(models: models, workload: workload)
        let inputs = InputList(most: settings.maximumInputs)
        return ModelRoutes(models: models).routes
            + CompletionRoutes(models: models, body: body, workload: workload).routes
            + SummaryRoutes(models: models, body: body, workload: workload).routes
            + TokenRoutes(models: models, body: body).routes
            + EmbeddingRoutes(work: work, body: body, inputs: inputs).routes
            + RerankRoutes(work: work, body: body, inputs: inputs).routes
            + ClassifyRoutes(work: work, body: body, inputs: inputs).routes
            + ImageRoutes(models: models, body: body, workload: workload).routes
            + AnswerRoutes(
                work: work, source: collections.map(CollectionPassages.init), body: body,
                inputs: inputs
            ).routes
            + collectionRoutes(body)
            + ConversationRoutes(store: store, body: body).routes
            + AdminRoutes(models: models, body: body, libraries: libraries).routes
            + AdminTokenRoutes().routes
            + OperationRoutes(models: models, workload: workload, metrics: metrics).routes
            + PageRoutes().routes
    }
}

extension HostServer {
    private func collectionRoutes(_ body: Body) -> [Route] {
        collections.map { CollectionRoutes(store: $0, body: body, workload: workload).routes } ?? []
    }
}

extension Logger {
    /// The same log for a library whose chatter nobody wants to read.
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
