import Engine
import FoundationEssentials
import JSON
import PluginHost

/// Reads `plugins.toml`.
package struct SettingsFile {
    let paths: Paths
    let problems: ProblemList

    /// Reads and checks the file at `path`.
    /// - Throws: `SettingsError` with every mistake found.
    package static func read(
        _ path: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> Settings {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SettingsError(problems: [
                .init(
                    file: path, line: nil, key: "",
                    message: "cannot read the settings file; name one with --config FILE")
            ])
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw SettingsError(problems: [
                .init(file: path, line: nil, key: "", message: "the file is not UTF-8")
            ])
        }
        return try parse(text, file: path, environment: environment)
    }

    /// Checks the text of a settings file; relative paths in it start at the folder of `file`.
    package static func parse(
        _ text: String, file: String, environment: [String: String]
    ) throws -> Settings {
        let document = try TOMLDocument(text, file: file)
        let reader = SettingsFile(
            paths: Paths(file: file, environment: environment), problems: ProblemList(file: file))
        var settings = reader.settings(document)
        try reader.problems.throwIfFatal()
        settings.file = file
        settings.problems = reader.problems.problems
        settings.lines = reader.problems.lines
        return settings
    }

    private func settings(_ document: TOMLDocument) -> Settings {
        guard case .table(let members) = document.root.value else { preconditionFailure() }
        var root = TableReader(members, path: "", line: 1, problems: problems)
        var server = TableReader(
            root.table("server") ?? [:], path: "server", line: members["server"]?.line ?? 1,
            problems: problems)
        let libraries: LibraryFolders = search(&server)
        let plugins = pluginTables(&root, search: libraries)
        var models = modelTables(&root, plugins: plugins.map(\.name))
        let modelFolder = server.string("models").map(paths.absolute)
        models += foundModels(in: modelFolder, server, besides: models)
        var searching = TableReader(
            root.table("search") ?? [:], path: "search", line: members["search"]?.line ?? 1,
            problems: problems)
        var settings = Settings(
            server: self.server(&server), plugins: plugins, models: models,
            search: search(&searching), collections: collectionTables(&root), folder: paths.base)
        settings.server.pluginPath = libraries.folders
        settings.server.modelFolder = modelFolder
        searching.finish()
        server.finish()
        root.finish()
        return settings
    }
}

// MARK: - [server]

extension SettingsFile {
    private func server(_ table: inout TableReader) -> Settings.Server {
        let (apiKeys, standings) = keys("api_keys", &table)
        var server = Settings.Server(
            listen: listen(&table, apiKeys: apiKeys),
            data: paths.absolute(table.string("data") ?? Settings.usualData),
            apiKeys: apiKeys,
            adminKeys: adminKeys(&table),
            corsOrigins: origins(&table),
            maximumBody: maximumBody(&table),
            maximumInputs: table.integer("max_inputs", in: 1...1_000_000) ?? 16384,
            isStrict: table.bool("strict") ?? false,
            drainTimeout: table.duration("drain_timeout") ?? .seconds(30),
            logFormat: table.choice("log") ?? .auto)
        server.standings = standings
        return server
    }

    private func listen(_ table: inout TableReader, apiKeys: [String]) -> ListenAddress {
        let address = table.value("listen", expected: "\"HOST:PORT\"") {
            if case .string(let text) = $0 { ListenAddress(text) } else { nil }
        }
        guard let address else { return ListenAddress(host: "127.0.0.1", port: 8080) }
        if let refusal = Settings.refusal(of: address, apiKeys: apiKeys) {
            table.report(refusal, "listen")
        }
        return address
    }

    private func adminKeys(_ table: inout TableReader) -> [String] {
        keys("admin_keys", &table).keys
    }

    private func origins(_ table: inout TableReader) -> [String] {
        let origins = table.strings("cors_origins") ?? []
        for origin in origins
        where origin != "*" && origin != "null"
            && origin.wholeMatch(of: /https?:\/\/[^\/]+/) == nil
        {
            table.report(
                "found \"\(origin)\", expected an origin such as \"https://example.org\", "
                    + "\"null\" or \"*\"",
                "cors_origins")
        }
        return origins
    }

    private func maximumBody(_ table: inout TableReader) -> Int {
        let bytes = table.value("max_body", expected: "a size from \"1kB\" to \"1GB\"") { value in
            guard case .string(let text) = value, let bytes = Units.bytes(text),
                (1000...1_000_000_000).contains(bytes)
            else { return Int?.none }
            return Int(bytes)
        }
        return bytes ?? 16 << 20
    }

    private func search(_ table: inout TableReader) -> LibraryFolders {
        let folders = (table.strings("plugin_path") ?? []).map(paths.absolute)
        for folder in folders where !Paths.isFolder(folder) {
            table.report("no folder at \(folder)", "plugin_path")
        }
        return LibraryFolders(paths: paths, folders: folders)
    }

    /// The models of the folder that no `[[models]]` has already.
    private func foundModels(
        in folder: String?, _ table: TableReader, besides models: [Settings.Model]
    ) -> [Settings.Model] {
        guard let folder else { return [] }
        if !Paths.isFolder(folder) { table.report("no folder at \(folder)", "models") }
        return ModelFolder.models(in: folder, besides: models)
    }
}

// MARK: - [plugins.NAME]

extension SettingsFile {
    private func pluginTables(
        _ root: inout TableReader, search: LibraryFolders
    ) -> [Settings.Plugin] {
        let tables = root.table("plugins") ?? [:]
        return tables.sorted { $0.value.line < $1.value.line }.compactMap { name, node in
            guard case .table(let members) = node.value else {
                problems.add(
                    "found \(node.value.named), expected a table", key: "plugins.\(name)",
                    line: node.line)
                return nil
            }
            var table = TableReader(
                members, path: "plugins.\(name)", line: node.line, problems: problems)
            defer { table.finish() }
            return plugin(name, &table, search: search)
        }
    }

    private func plugin(
        _ name: String, _ table: inout TableReader, search: LibraryFolders
    ) -> Settings.Plugin? {
        checkName(name, table, key: nil)
        let isolation: Isolation? = table.choice("isolation")
        let environment = variables(&table)
        guard table.has("library") else {
            table.report("missing; name the shared library, such as \"libLlama.so\"", "library")
            return nil
        }
        guard let library = table.string("library") else { return nil }
        switch search.find(library) {
        case .success(let path):
            return Settings.Plugin(
                name: name, library: path, isolation: isolation ?? .worker,
                environment: environment)
        case .failure(let missing):
            let places = missing.searched.joined(separator: " or ")
            table.report(
                "no file at \(places); build it, or set server.plugin_path", "library",
                isFatal: false)
            return Settings.Plugin(
                name: name, library: missing.searched[0], isolation: isolation ?? .worker,
                environment: environment)
        }
    }

    /// The names of variables that workers get; their values are the host's.
    private func variables(_ table: inout TableReader) -> [String] {
        let names = table.strings("environment") ?? []
        for name in names where name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) == nil {
            table.report(
                "found \"\(name)\", expected the name of a variable of the host's environment",
                "environment")
        }
        return names
    }

    /// Names go into URLs and headers.
    private func checkName(_ name: String, _ table: TableReader, key: String?) {
        if Settings.isName(name) { return }
        let message = "found \"\(name)\", expected \(Settings.nameRule)"
        if let key {
            table.report(message, key)
        } else {
            problems.add(message, key: table.path, line: table.line)
        }
    }
}

// MARK: - [[models]]

extension SettingsFile {
    private func modelTables(_ root: inout TableReader, plugins: [String]) -> [Settings.Model] {
        var lines: [String: Int] = [:]
        var capabilities: [Capability: String] = [:]
        return root.tables("models").compactMap { table in
            var table = table
            defer { table.finish() }
            guard var model = model(&table, plugins: plugins) else { return nil }
            model.path = table.path
            if let path = model.source, !Paths.exists(path) {
                if model.isOptional { return nil }
                table.report("no file or folder at \(path)", "source", isFatal: false)
            }
            if let line = lines.updateValue(table.line, forKey: model.name) {
                table.report("\"\(model.name)\" is already the model of line \(line)", "name")
            }
            for capability in model.defaultFor {
                if let other = capabilities.updateValue(model.name, forKey: capability) {
                    table.report(
                        "\"\(capability.rawValue)\" already has the default \"\(other)\"",
                        "default_for")
                }
            }
            return model
        }
    }

    private func model(_ table: inout TableReader, plugins: [String]?) -> Settings.Model? {
        if !table.has("name") { table.report("missing; clients ask for the model by it", "name") }
        let name = table.string("name")
        if let name { checkName(name, table, key: "name") }
        let defaults = Settings.Model(name: name ?? "", source: nil)
        let model = Settings.Model(
            name: defaults.name, plugin: pluginName(&table, known: plugins),
            source: table.string("source").map(paths.absolute),
            load: table.choice("load") ?? .start,
            idleUnload: table.time("idle_unload"),
            context: table.integer("context", in: 1...16_777_216),
            parallel: table.integer("parallel", in: 1...1024) ?? defaults.parallel,
            stepTimeout: table.time("step_timeout") ?? defaults.stepTimeout,
            loadTimeout: table.time("load_timeout") ?? defaults.loadTimeout,
            queue: table.integer("queue", in: 0...65536),
            speculates: table.bool("speculation") ?? false,
            memoryBudget: table.bytes("memory_budget"),
            defaultFor: capabilities(&table), isOptional: table.bool("optional") ?? false,
            sampling: sampling(&table), chat: chat(&table), adapters: adapters(&table),
            settings: pluginSettings(&table))
        return name == nil ? nil : model
    }

    /// - Parameter known: nil if somebody else checks whether there is such a plugin.
    private func pluginName(_ table: inout TableReader, known: [String]?) -> String? {
        guard let name = table.string("plugin") else { return nil }
        if let known, !known.contains(name) {
            let nearest = NearestName.of(name, among: known).map { "; did you mean \"\($0)\"?" }
            let remedy = nearest ?? "; add a table [plugins.\(name)]"
            table.report("no plugin is named \"\(name)\"\(remedy)", "plugin")
        }
        return name
    }

    private func capabilities(_ table: inout TableReader) -> [Capability] {
        let known = Capability.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
        return (table.strings("default_for") ?? []).compactMap { text in
            if let capability = Capability(rawValue: text) { return capability }
            table.report("found string \"\(text)\", expected \(known)", "default_for")
            return nil
        }
    }

    /// `chat_template`, `chat_template_file` and `tool_format`
    private func chat(_ table: inout TableReader) -> Settings.Chat {
        var chat = Settings.Chat()
        chat.toolFormat = table.choice("tool_format")
        chat.template = table.string("chat_template")
        guard let path = table.string("chat_template_file").map(paths.absolute) else {
            return chat
        }
        if chat.template != nil {
            table.report("beside \"chat_template\"; give one of them", "chat_template_file")
        }
        do {
            chat.template = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            table.report(
                "no file with UTF-8 text at \(path)", "chat_template_file", isFatal: false)
        }
        return chat
    }

    /// `[models.sampling]`
    private func sampling(_ table: inout TableReader) -> SamplingChoices {
        var sampling = SamplingChoices()
        guard let members = table.table("sampling") else { return sampling }
        var reader = TableReader(
            members, path: table.full("sampling"), line: table.line, problems: problems)
        for number in SamplingNumber.all {
            sampling[number.name] = reader.number(number.name, in: number.range).map { Float($0) }
        }
        for count in SamplingCount.all {
            sampling[count: count.name] = reader.value(count.name, expected: count.expected) {
                if case .integer(let value) = $0, count.admits(value) { value } else { nil }
            }
        }
        sampling.breakers = reader.strings(SamplingBreakers.name)
        if let breakers = sampling.breakers, !SamplingBreakers.admits(breakers) {
            reader.report("expected \(SamplingBreakers.expected)", SamplingBreakers.name)
        }
        reader.finish()
        return sampling
    }

    /// `[models.adapters]`: names and sources.
    private func adapters(_ table: inout TableReader) -> [Settings.Adapter] {
        guard let members = table.table("adapters") else { return [] }
        var reader = TableReader(
            members, path: table.full("adapters"), line: table.line, problems: problems)
        let adapters = members.keys.sorted().compactMap { name -> Settings.Adapter? in
            if !ModelAdapters.isName(name) {
                reader.report("\(AdapterError.name(name))", name)
            }
            guard let source = reader.string(name).map(paths.absolute) else { return nil }
            if !Paths.exists(source) {
                reader.report("no file or folder at \(source)", name, isFatal: false)
            }
            return Settings.Adapter(name: name, source: source)
        }
        reader.finish()
        return adapters
    }

    /// `[models.settings]`: handed to the plugin as it is.
    private func pluginSettings(_ table: inout TableReader) -> String {
        guard let members = table.table("settings") else { return "" }
        for (key, node) in members {
            problems.note(node.line, of: "\(table.full("settings")).\(key)")
        }
        return TOMLDocument.Value.table(members).json.serialized()
    }
}

extension SettingsFile {
    /// Reads a model that an admin adds: an object with the keys of `[[models]]`.
    ///
    /// - Parameter folder: where relative paths start.
    /// - Throws: `SettingsError` with every mistake, by its key.
    static func model(_ object: JSONObject, folder: String) throws -> Settings.Model {
        let environment = ProcessInfo.processInfo.environment
        let reader = SettingsFile(
            paths: Paths(file: folder + "/", environment: environment),
            problems: ProblemList(file: "the body"))
        var table = TableReader(
            TOMLDocument.members(object), path: "", line: 1, problems: reader.problems)
        let model = reader.model(&table, plugins: nil)
        table.finish()
        if let path = model?.source, !Paths.exists(path) {
            table.report("no file or folder at \(path)", "source")
        }
        try reader.problems.throwIfFatal()
        guard let model else { preconditionFailure("a model without a name has a problem") }
        return model
    }
}

extension Settings {
    /// Whether a model or a plugin can be called so.
    static func isName(_ text: String) -> Bool {
        text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._:\/-]{0,127}/) != nil
    }

    /// The default data folder.
    static let usualData = "~/.local/share/roost"

    static let nameRule = "up to 128 letters, digits and . _ : / -, a letter or digit first"

    /// Why the host refuses to listen at `address`, or nil if it does not.
    package static func refusal(of address: ListenAddress, apiKeys: [String]) -> String? {
        guard !address.isLoopback, apiKeys.isEmpty else { return nil }
        return
            "\(address) can be reached from other machines, and anyone there could use the models; "
            + "set server.api_keys, or listen at 127.0.0.1:\(address.port)"
    }
}
