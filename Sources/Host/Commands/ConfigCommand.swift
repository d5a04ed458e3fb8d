import ArgumentParser
import Engine

/// `roost config check`
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Looks at settings without starting anything.",
        subcommands: [Check.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says every mistake in a settings file, with its line.")

        @OptionGroup var config: ConfigOption

        @Flag(help: "Write the findings as JSON.")
        var json = false

        func run() throws {
            do {
                let settings = try config.read()
                StandardOutput.line(json ? Self.json([]) : summary(settings))
            } catch let error as SettingsError where json {
                StandardOutput.line(Self.json(error.problems))
                throw ExitCode.failure
            }
        }

        private func summary(_ settings: Settings) -> String {
            "\(config.file) is right: \(settings.plugins.count) plugins, "
                + "\(settings.models.count) models, listening at \(settings.server.listen)"
        }

        private static func json(_ problems: [SettingsError.Problem]) -> String {
            let list = problems.map { problem -> JSONValue in
                [
                    "file": .string(problem.file), "line": .optional(problem.line),
                    "key": .string(problem.key), "message": .string(problem.message),
                ]
            }
            let report: JSONValue = ["ok": .bool(problems.isEmpty), "problems": .array(list)]
            return report.serialized()
        }
    }
}
