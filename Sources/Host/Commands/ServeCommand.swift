import ArgumentParser

/// `roost serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serves the models of a settings file.")

    @OptionGroup var config: ConfigOption

    @Option(help: "Where to listen instead of server.listen; port 0 takes any free port.")
    var listen: ListenAddress?

    func run() async throws {
        var settings = try config.read()
        if let listen {
            if let refusal = Settings.refusal(of: listen, apiKeys: settings.server.apiKeys) {
                throw ValidationError(refusal)
            }
            settings.server.listen = listen
        }
        try await HostProcess(settings).run()
    }
}

/// `--config FILE`
struct ConfigOption: ParsableArguments {
    @Option(name: .customLong("config"), help: "The settings file.")
    var file = "plugins.toml"

    func read() throws -> Settings {
        try SettingsFile.read(file)
    }
}

extension ListenAddress: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(argument)
    }
}
