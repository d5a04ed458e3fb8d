import ArgumentParser

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs what the command line asks for and ends the process: 0, 1 (it failed), 2 (it was asked wrongly).
enum CommandLineEntry {
    static func run() async {
        do {
            var command = try Roost.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(report(error))
        }
    }

    /// - Returns: the exit status.
    private static func report(_ error: any Error) -> Int32 {
        let code = Roost.exitCode(for: error)
        let text = Roost.fullMessage(for: error)
        if code.isSuccess {
            StandardOutput.line(text)
            return 0
        }
        StandardError.write(text)
        return code == .validationFailure ? 2 : 1
    }
}

/// The command `roost`.
struct Roost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roost",
        abstract: "Serves AI models behind the OpenAI API, each model family a plugin.",
        version: "roost \(Version.text)",
        subcommands: [
            ServeCommand.self, OpenCommand.self, ChatCommand.self, EmbedCommand.self,
            SearchCommand.self,
            SummarizeCommand.self, ImageCommand.self, BenchCommand.self, QuantizeCommand.self,
            ModelsCommand.self,
            PluginsCommand.self,
            ConfigCommand.self,
        ])
}

/// The version of this host.
enum Version {
    static let text = "0.1.0"
}
