import ArgumentParser
import JSON

/// `roost config check`
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Looks at settings without starting anything.",
        subcommands: [Check.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says every mistake in a settings file, with its line.",
            discussion: """
                Looks into the libraries that it names, and asks their plugins about the models and their \
                settings, in processes of their own.
                """)

        @OptionGroup var config: ConfigOption

        @Flag(help: "Write the findings as JSON.")
        var json = false

        func run() throws {
            do {
                let settings = try config.read()
                let check = SettingsCheck(settings)
                if !json {
                    for warning in check.warnings {
                        StandardError.write("warning: \(warning)".printable)
                    }
                }
                guard check.problems.isEmpty else {
                    if !json { throw SettingsError(problems: check.problems) }
                    StandardOutput.line(Self.json(check.problems, check.warnings))
                    throw ExitCode.failure
                }
                StandardOutput.line(json ? Self.json([], check.warnings) : summary(settings))
            } catch let error as SettingsError where json {
                StandardOutput.line(Self.json(error.problems, []))
                throw ExitCode.failure
            }
        }

        private func summary(_ settings: Settings) -> String {
            "\(config.file) is right: \(settings.plugins.count) plugins, "
                + "\(settings.models.count) models, listening at \(settings.server.listen)"
        }

        private static func json(
            _ problems: [SettingsError.Problem], _ warnings: [SettingsError.Problem]
        ) -> String {
            let report: JSONValue = [
                "ok": .bool(problems.isEmpty), "problems": list(problems),
                "warnings": list(warnings),
            ]
            return report.serialized()
        }

        private static func list(_ problems: [SettingsError.Problem]) -> JSONValue {
            .array(
                problems.map { problem in
                    [
                        "file": .string(problem.file), "line": .optional(problem.line),
                        "key": .string(problem.key), "message": .string(problem.message),
                    ]
                })
        }
    }
}
