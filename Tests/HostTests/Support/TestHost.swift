import Engine
import Foundation
import Host
import JSON
import Logging
import PluginHost
import SearchCollections
import Synchronization

/// A whole host inside the test's process, on a port of its own, and a client of it.
final class TestHost: Sendable {
    /// Of the admin routes where `server` names no key; the client has it unless told otherwise.
    static let adminKey = "the-key-of-the-tests"

    let client: HostClient
    let server: HostServer
    let lines: LogLines
    private let stopping: AsyncStream<Void>.Continuation
    private let running: Task<Void, any Error>
    private let idling: Task<Void, Never>
    private let models: Models
    private let collections: CollectionStore
    private let folder: String

    /// One host for all tests that leave it as they found it.
    static func shared() async throws -> TestHost {
        try await sharedTask.value
    }

    private static let sharedTask = Task {
        try await TestHost(models: markov + wordbag() + reader())
    }

    /// - Parameters:
    ///   - server: lines of `[server]` besides `listen` and `data`.
    ///   - models: what stands below the plugin.
    ///   - ping: how long a silent stream stays without a comment.
    ///   - file: where the settings would stand.
    ///   - dialects: APIs beside the host's own.
    init(
        server lines: String = "", models: String = TestHost.markov,
        key: String? = TestHost.adminKey, file: String = "/plugins.toml",
        ping: Duration = .seconds(15), collections: CollectionOptions = CollectionOptions(),
        dialects: [any Dialect] = []
    )
        async throws
    {
        folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        let settings = try SettingsFile.parse(
            Self.settings(lines, models, folder: folder), file: file, environment: [:])
        self.lines = LogLines()
        let logger = Logger(label: "test") { [lines = self.lines] _ in lines.handler }
        self.models = Models(
            settings,
            options: PluginHostOptions(
                pluginPath: settings.libraryFolders, store: folder + "/plugins"))
        let collections = CollectionStore(
            folder: folder + "/collections", options: collections
        ) { _ in LetterEmbedder() }
        self.collections = collections
        var server = HostServer(
            settings, models: self.models,
            store: ConversationStore(HostDatabase(folder: folder)), collections: collections,
            ownAdminKey: settings.server.adminKeys.isEmpty ? Self.adminKey : nil, logger: logger)
        server.dialects += dialects
        server.pingInterval = ping
        self.server = server
        let (stops, stopping) = AsyncStream<Void>.makeStream()
        let (ports, listening) = AsyncStream<Int>.makeStream()
        self.stopping = stopping
        idling = Task { [models = self.models] in await models.unloadIdle() }
        running = Task { [server] in
            defer { listening.finish() }
            try await server.run {
                listening.yield($0)
            } until: {
                for await _ in stops {}
            }
        }
        await self.models.start()
        var iterator = ports.makeAsyncIterator()
        guard let port = await iterator.next() else {
            try await running.value
            throw NoPort()
        }
        client = HostClient(HostURL(ListenAddress(host: "127.0.0.1", port: port)), key: key)
    }

    struct NoPort: Error {}

    func client(key: String?) -> HostClient {
        HostClient(client.url, key: key)
    }

    func stop() async throws {
        stopping.finish()
        idling.cancel()
        try await running.value
        await collections.close()
        await models.registry.stop(within: .zero)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// A model of bytes, one token each, in the test's own process.
    static let markov = model("markov")

    static func model(_ name: String, _ lines: String = "") -> String {
        "[[models]]\nname = \"\(name)\"\nplugin = \"markov\"\n\(lines)\n"
    }

    /// A model that takes its time for a token, in milliseconds, and has no chat template.
    static func slow(_ lines: String = "", pace: Int = 20) -> String {
        """
        [[models]]
        name = "slow"
        plugin = "tally"
        source = "\(ExamplePlugin.tally.source)"
        context = 8192
        settings = { pace = "\(pace)" }
        \(lines)

        """
    }

    /// A model that reads a text, a token a byte, and writes letters of it for as long as it may.
    static func reader(_ name: String = "reader", _ lines: String = "") -> String {
        """
        [[models]]
        name = "\(name)"
        plugin = "reader"
        source = "\(ExamplePlugin.tally.source)"
        context = 512
        \(lines)

        """
    }

    /// A model of vectors.
    ///
    /// - Parameters:
    ///   - abilities: of "embed", "score", "classify", "answer", "entities"; empty is all of them.
    ///   - pace: milliseconds for a text.
    static func wordbag(
        _ name: String = "words", can abilities: String = "", pace: Int = 0, _ lines: String = ""
    ) -> String {
        """
        [[models]]
        name = "\(name)"
        plugin = "wordbag"
        settings = { can = "\(abilities)", pace = "\(pace)" }
        \(lines)

        """
    }

    /// A model of images.
    ///
    /// - Parameters:
    ///   - pace: milliseconds for a step.
    ///   - settings: further ones, such as how it misbehaves.
    static func painter(
        _ name: String = "hills", pace: Int = 0, settings: String = "", _ lines: String = ""
    ) -> String {
        """
        [[models]]
        name = "\(name)"
        plugin = "painter"
        settings = { pace = "\(pace)"\(settings.isEmpty ? "" : ", " + settings) }
        \(lines)

        """
    }

    /// A model with a task of its own, `count`.
    ///
    /// - Parameters:
    ///   - step: where it misbehaves.
    ///   - deed: how.
    static func counter(at step: String = "", does deed: String = "") -> String {
        """
        [[models]]
        name = "org/counter"
        plugin = "vectors"
        settings = { at = "\(step)", do = "\(deed)" }

        """
    }

    private static func settings(_ server: String, _ models: String, folder: String) throws
        -> String
    {
        """
        [server]
        listen = "127.0.0.1:0"
        data = "\(folder)"
        \(server)
        [plugins.markov]
        library = "\(try ExamplePlugin.markov.library.get())"
        isolation = "in-process"
        [plugins.tally]
        library = "\(try ExamplePlugin.tally.library.get())"
        isolation = "in-process"
        [plugins.reader]
        library = "\(try ExamplePlugin.reader.library.get())"
        isolation = "in-process"
        [plugins.script]
        library = "\(try ExamplePlugin.script.library.get())"
        isolation = "in-process"
        [plugins.wordbag]
        library = "\(try ExamplePlugin.wordbag.library.get())"
        isolation = "in-process"
        [plugins.vectors]
        library = "\(try ExamplePlugin.vectors.library.get())"
        isolation = "in-process"
        [plugins.painter]
        library = "\(try ExamplePlugin.painter.library.get())"
        isolation = "in-process"
        \(models)
        """
    }
}

/// The lines that a host would have logged.
final class LogLines: Sendable {
    private let entries = Mutex<[String]>([])

    var text: String { entries.withLock { $0.joined(separator: "\n") } }

    var handler: any Logging.LogHandler { Handler(lines: self) }

    private struct Handler: Logging.LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.entries.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
        }
    }
}
