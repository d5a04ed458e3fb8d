import ArgumentParser
import JSON

/// `roost plugins`
struct PluginsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugins", abstract: "Shows and replaces the plugins of a running host.",
        subcommands: [List.self, Add.self, Remove.self, Reload.self, Unload.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the plugins.")
        @OptionGroup var client: AdminOptions
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
        @Argument(
            help: "The library: a path, or a file name that the host searches for in its folders.")
        var library: String
        @Option(help: "Where it runs: worker (by default) or in-process.") var isolation: String?
        @OptionGroup var client: AdminOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let client = client.client()
            var body = JSONObject()
            body["name"] = .string(name)
            body["library"] = .string(client.url.path(library))
            body["isolation"] = isolation.map { .string($0) }
            let answer = try await client.json("POST", "/admin/plugins", body: .object(body))
            output.write(answer) { PluginsCommand.table([$0]) }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forgets a plugin that no model needs, until the host starts again.")
        @Argument(help: "The plugin's name.") var name: String
        @OptionGroup var client: AdminOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let path = "/admin/plugins/\(name.percentEncoded)"
            output.write(try await client.client().json("DELETE", path)) {
                "\($0["name"]?.string ?? name) is removed"
            }
        }
    }

    struct Reload: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reloads the models of a plugin with its library as it is now.")
        @Argument(help: "The plugin's name.") var name: String
        @OptionGroup var client: AdminOptions
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
        @OptionGroup var client: AdminOptions
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
