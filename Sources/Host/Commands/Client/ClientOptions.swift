import ArgumentParser
import Engine
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

    /// A settings file with mistakes is no reason not to talk to a host.
    private static var configured: HostURL {
        let settings = try? SettingsFile.read("plugins.toml")
        return HostURL(settings?.server.listen ?? ListenAddress(host: "127.0.0.1", port: 8080))
    }
}

extension HostURL: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(argument)
    }
}
