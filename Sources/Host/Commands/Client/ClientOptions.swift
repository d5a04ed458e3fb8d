import ArgumentParser
import FoundationEssentials

/// The options of every command that talks to a host.
struct ClientOptions: ParsableArguments {
    @Option(help: "The host, http://HOST:PORT; by default server.listen of ./plugins.toml.")
    var url: HostURL?

    @Option(help: "The API key; by default the environment's ROOST_API_KEY.")
    var key: String?

    func client() -> HostClient {
        let key = key ?? ProcessInfo.processInfo.environment["ROOST_API_KEY"]
        return HostClient(url ?? Self.configured, key: key)
    }

    /// A settings file with mistakes does not keep a command from talking to a host.
    private static var configured: HostURL {
        let settings = try? SettingsFile.read("plugins.toml")
        return HostURL(settings?.server.listen ?? ListenAddress(host: "127.0.0.1", port: 8080))
    }
}

/// The options of commands that use the admin routes.
struct AdminOptions: ParsableArguments {
    @Option(help: "The host, http://HOST:PORT; by default server.listen of the settings file.")
    var url: HostURL?

    @Option(
        help: """
            The admin key; by default the environment's ROOST_ADMIN_KEY, else the one that the \
            settings name or the host keeps in its data folder.
            """)
    var key: String?

    @OptionGroup var config: ConfigOption

    func client() -> HostClient {
        let settings = try? config.read()
        let url =
            url ?? HostURL(settings?.server.listen ?? ListenAddress(host: "127.0.0.1", port: 8080))
        let environment = ProcessInfo.processInfo.environment
        let said = key ?? environment["ROOST_ADMIN_KEY"]
        // A key found on this machine is only for a host on this machine.
        let found = url.address.isLoopback ? Self.found(settings, environment) : nil
        return HostClient(url, key: said ?? found ?? environment["ROOST_API_KEY"])
    }

    private static func found(_ settings: Settings?, _ environment: [String: String]) -> String? {
        let paths = Paths(file: "plugins.toml", environment: environment)
        let folder = settings?.server.data ?? paths.absolute(Settings.usualData)
        return settings?.server.adminKeys.first ?? AdminKeyFile(folder: folder).read()
    }
}

extension HostURL: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(argument)
    }
}
