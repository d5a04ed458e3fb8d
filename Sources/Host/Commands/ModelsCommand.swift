import ArgumentParser
import JSON

/// `roost models`
struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "Shows and changes what a running host has loaded.",
        subcommands: [
            List.self, Show.self, Add.self, Remove.self, Load.self, Unload.self, Reload.self,
            Rescan.self,
        ],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the models.")
        @OptionGroup var client: AdminOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let answer = try await client.client().json("GET", "/admin/models")
            output.write(answer) { ModelsCommand.table($0["data"]?.array ?? []) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows all that is known of a model.")
        @Argument(help: "The model's name.") var name: String
        @OptionGroup var client: AdminOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let answer = try await client.client().json("GET", ModelsCommand.path(name))
            output.write(answer) { $0.lines() }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a model to the host until it stops, and loads it.",
            discussion: "The options are the keys of [[models]] in the settings file.")
        @Argument(help: "What clients ask for.") var name: String
        @OptionGroup var model: ModelOptions
        @OptionGroup var client: AdminOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let client = client.client()
            let body = try model.json(name: name, for: client.url)
            let answer = try await client.json("POST", "/admin/models", body: body)
            output.write(answer, ModelsCommand.sentence)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Unloads a model and forgets it until the host starts again.")
        @Argument(help: "The model's name.") var name: String
        @OptionGroup var client: AdminOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let answer = try await client.client().json("DELETE", ModelsCommand.path(name))
            output.write(answer) { "\($0["name"]?.string ?? name) is removed" }
        }
    }

    struct Load: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Loads a model.")
        @Argument(help: "The model's name.") var name: String
        @OptionGroup var client: AdminOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let path = ModelsCommand.path(name) + "/load"
            output.write(try await client.client().json("POST", path), ModelsCommand.sentence)
        }
    }

    struct Unload: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a model finish its work and unloads it.")
        @Argument(help: "The model's name.") var name: String
        @OptionGroup var client: AdminOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let path = ModelsCommand.path(name) + "/unload"
            output.write(try await client.client().json("POST", path), ModelsCommand.sentence)
        }
    }

    struct Reload: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Starts the model again beside the old one and lets it take over.")
        @Argument(help: "The model's name.") var name: String
        @Option(help: "Fail unless this generation is the one that serves.") var expecting: Int?
        @OptionGroup var client: AdminOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let query = expecting.map { "?expecting=\($0)" } ?? ""
            let path = ModelsCommand.path(name) + "/reload" + query
            output.write(try await client.client().json("POST", path), ModelsCommand.sentence)
        }
    }
}

extension ModelsCommand {
    struct Rescan: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Looks through the folder of models for what has come and gone.")
        @OptionGroup var client: AdminOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let answer = try await client.client().json("POST", "/admin/models/rescan")
            output.write(answer) { answer in
                let facts = [("added", "is there now"), ("removed", "is gone")]
                let lines = facts.flatMap { key, fact in
                    (answer[key]?.array ?? []).compactMap(\.string).map { "\($0) \(fact)" }
                }
                return lines.isEmpty ? "nothing has changed" : lines.joined(separator: "\n")
            }
        }
    }
}

/// `--json`
struct OutputOptions: ParsableArguments {
    @Flag(help: "Write the host's answer as JSON.") var json = false

    func write(_ answer: JSONValue, _ text: (JSONValue) -> String) {
        StandardOutput.line(json ? answer.serialized() : text(answer))
    }
}

extension ModelsCommand {
    fileprivate static func path(_ name: String) -> String {
        "/admin/models/\(name.percentEncoded)"
    }

    fileprivate static func sentence(_ model: JSONValue) -> String {
        let generation = model["generation"]?.integer.map { ", generation \($0)" } ?? ""
        return "\(model["name"]?.string ?? "?") is \(model["state"]?.string ?? "?")\(generation)"
    }

    fileprivate static func table(_ models: [JSONValue]) -> String {
        if models.isEmpty { return "no models; add [[models]] to plugins.toml" }
        var table = TextTable([
            "NAME", "STATE", "GENERATION", "PLUGIN", "ABILITIES", "CONTEXT", "MEMORY", "REQUESTS",
        ])
        for model in models {
            table.add([
                model["name"]?.string ?? "", model["state"]?.string ?? "",
                model["generation"].shown, model["plugin"]?.string ?? "-",
                abilities(of: model), context(of: model),
                model["worker"]?["resident_bytes"]?.integer.map { "\($0 / 1_000_000) MB" } ?? "-",
                model["requests"].shown,
            ])
        }
        return table.text
    }

    private static func abilities(of model: JSONValue) -> String {
        let names = model["abilities"]?.array?.compactMap(\.string) ?? []
        return names.isEmpty ? "-" : names.joined(separator: ",")
    }

    /// Positions of a context, or the longest text of a model without one.
    private static func context(of model: JSONValue) -> String {
        let facts = model["model"]
        return (facts?["context_length"]?.integer ?? facts?["max_tokens"]?.integer)
            .map(String.init) ?? "-"
    }
}

extension JSONValue? {
    fileprivate var shown: String {
        self?.integer.map(String.init) ?? "-"
    }
}

extension JSONValue {
    /// One line per value, named by its path.
    func lines(_ path: String = "") -> String {
        guard let object else { return "\(path): \(string ?? serialized())".printable }
        return object.members.filter { !$0.value.isNull }
            .map { $0.value.lines(path.isEmpty ? $0.key : "\(path).\($0.key)") }
            .joined(separator: "\n")
    }
}
