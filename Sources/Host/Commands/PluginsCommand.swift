import ArgumentParser
import Engine

/// `roost plugins`
struct PluginsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugins", abstract: "Shows and replaces the plugins of a running host.",
        subcommands: [List.self, Add.self, Reload.self, Unload.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the plugins.")
        @OptionGroup var client: ClientOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let answer = try await client.client().json("GET", "/admin/plugins")
            output.write(answer) { PluginsCommand.table($0["data"]?.array ?? []) }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a library known to the host until it stops.")
        @Argument(help: "The plugin's name.") var name: String
        @Argument(help: "The library's path on the host's machine.") var library: String
        @OptionGroup var client: ClientOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let body: JSONValue = ["name": .string(name), "library": .string(library)]
            let answer = try await client.client().json("POST", "/admin/plugins", body: body)
            output.write(answer) { PluginsCommand.table([$0]) }
        }
    }

    struct Reload: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reloads the models of a plugin with its library as it is now.")
        @Argument(help: "The plugin's name.") var name: String
        @OptionGroup var client: ClientOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let path = "/admin/plugins/\(name.percentEncoded)/reload"
            output.write(try await client.client().json("POST", path)) { answer in
                let models = answer["models"]?.object?.members ?? []
                let lines = models.map { "\($0.key) is at generation \($0.value.serialized())" }
                return lines.isEmpty ? "no model of it is loaded" : lines.joined(separator: "\n")
            }
        }
    }

    struct Unload: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Unloads the models of a plugin.")
        @Argument(help: "The plugin's name.") var name: String
        @OptionGroup var client: ClientOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let path = "/admin/plugins/\(name.percentEncoded)/unload"
            output.write(try await client.client().json("POST", path)) { _ in
                "no model of \(name) is loaded any more"
            }
        }
    }

    fileprivate static func table(_ plugins: [JSONValue]) -> String {
        var table = TextTable(["NAME", "VERSION", "ISOLATION", "MODELS", "LIBRARY"])
        for plugin in plugins {
            let models = (plugin["models"]?.array ?? []).compactMap(\.string)
            let isFound = plugin["found"]?.bool ?? false
            table.add([
                plugin["name"]?.string ?? "", plugin["version"]?.string ?? "-",
                plugin["isolation"]?.string ?? "",
                models.isEmpty ? "-" : models.joined(separator: ", "),
                (plugin["library"]?.string ?? "") + (isFound ? "" : " (not found)"),
            ])
        }
        return table.text
    }
}
