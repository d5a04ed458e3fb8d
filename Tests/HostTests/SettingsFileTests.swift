import Engine
import Foundation
import Host
import JSON
import PluginHost
import Testing

@Suite struct SettingsFileTests {
    /// A library that is there: the settings only look whether the file exists.
    private static let library = #filePath

    private func problems(_ text: String, environment: [String: String] = [:]) -> [String] {
        do {
            let settings = try parse(text, environment: environment)
            return settings.problems.map(Self.line)
        } catch let error as SettingsError {
            return error.problems.map(Self.line)
        } catch {
            return ["\(error)"]
        }
    }

    private static func line(_ problem: SettingsError.Problem) -> String {
        "\(problem.line ?? 0) \(problem.key): \(problem.message)"
    }

    private func parse(_ text: String, environment: [String: String] = [:]) throws -> Settings {
        try SettingsFile.parse(text, file: "/etc/plugins.toml", environment: environment)
    }

    @Test func anEmptyFileHasAllDefaults() throws {
        let settings = try parse("", environment: ["HOME": "/home/me"])
        #expect(settings.server.listen == ListenAddress(host: "127.0.0.1", port: 8080))
        #expect(settings.server.data == "/home/me/.local/share/roost")
        #expect(settings.server.drainTimeout == .seconds(30))
        #expect(settings.server.maximumBody == 16 << 20 && !settings.server.isStrict)
        #expect(settings.models.isEmpty && settings.plugins.isEmpty)
    }

    @Test func aPluginNamesVariablesOfTheEnvironment() throws {
        let plugin = "[plugins.a]\nlibrary = \"\(Self.library)\"\nenvironment = "
        #expect(try parse(plugin + "[\"CUDA_VISIBLE_DEVICES\"]").plugins[0].environment.count == 1)
        #expect(
            problems(plugin + "[\"A=1\"]") == [
                "3 plugins.a.environment: found \"A=1\", expected the name of a variable of the "
                    + "host's environment"
            ])
    }

    /// Two keys for TOML, one for Swift.
    @Test func aKeyInTwoFormsOfUnicodeIsReported() {
        #expect(
            problems("[server]\n\"\u{e9}\" = 1\n\"e\u{301}\" = 2\n") == [
                "2 server.\u{e9}: stands there twice, its letters composed in two ways; leave one out"
            ])
    }

    @Test func collectionsAndTheirSearchAreRead() throws {
        let settings = try parse(
            """
            [search]
            threads = 4
            graph_above = 500
            max_import = "10MB"
            [[collections]]
            name = "topics"
            source = "\(Self.library)"
            text = ["title", "a, b"]
            id = "id"
            model = "minilm"
            header = true
            [[collections]]
            name = "more"
            source = "\(Self.library)"
            text = "one"
            """)
        #expect(settings.search.threads == 4 && settings.search.graphAbove == 500)
        #expect(settings.search.largestImport == 10_000_000)
        let topics = try #require(settings.collections.first)
        #expect(topics.name == "topics" && topics.source == Self.library && topics.id == "id")
        #expect(topics.text == ["title", "a, b"] && topics.model == "minilm")
        #expect(topics.hasHeader == true && settings.collections.last?.text == ["one"])
    }

    @Test func everyMistakeInACollectionIsSaid() {
        let found = problems(
            """
            [[collections]]
            name = "../x"
            source = "/nowhere.csv"
            [[collections]]
            text = 5
            colour = "red"
            [[collections]]
            name = "a"
            source = "\(Self.library)"
            [[collections]]
            name = "a"
            source = "\(Self.library)"
            [search]
            threads = 0
            """)
        for start in [
            "2 collections[0].name: found", "3 collections[0].source: no file",
            "4 collections[1].name: missing", "4 collections[1].source: missing",
            "5 collections[1].text: found", "6 collections[1].colour: unknown key",
            "11 collections[3].name: \"a\" is already", "14 search.threads: found",
        ] {
            #expect(found.contains { $0.hasPrefix(start) }, "\(start) is not in \(found)")
        }
    }

    @Test func everyKeyOfAModelIsRead() throws {
        let settings = try parse(
            """
            [plugins.p]
            library = "\(Self.library)"
            isolation = "in-process"
            [[models]]
            name = "org/model:1b"
            plugin = "p"
            source = "\(Self.library)"
            load = "first-use"
            idle_unload = "10m"
            context = 4096
            parallel = 3
            queue = 7
            memory_budget = "2GiB"
            step_timeout = "250ms"
            default_for = ["chat", "completion"]
            sampling = { temperature = 0, top_p = 0.9, top_k = 40 }
            [models.settings]
            threads = 2
            names = ["a", 1.5, true]
            """)
        let model = try #require(settings.models.first)
        #expect(settings.plugins[0].isolation == .inProcess)
        #expect(model.name == "org/model:1b" && model.plugin == "p" && model.load == .firstUse)
        #expect(model.idleUnload == .seconds(600) && model.stepTimeout == .milliseconds(250))
        #expect(model.context == 4096 && model.parallel == 3 && model.queue == 7)
        #expect(model.memoryBudget == 2 << 30)
        #expect(model.defaultFor == [.chat, .completion])
        #expect(model.sampling["temperature"] == 0 && model.sampling["top_p"] == 0.9)
        #expect(model.sampling[count: "top_k"] == 40 && model.sampling["min_p"] == nil)
        #expect(model.settings == #"{"threads":2,"names":["a",1.5,true]}"#)
    }

    @Test(arguments: [
        ("[server]\nlisten = 8080", "2 server.listen: found integer 8080, expected \"HOST:PORT\""),
        (
            "[server]\n\nlisen = \"127.0.0.1:1\"",
            "3 server.lisen: unknown key; did you mean \"listen\"?"
        ),
        ("[sever]", "1 sever: unknown key; did you mean \"server\"?"),
        (
            "[[models]]\nname = \"a\"\n# comment\ncontext = \"4k\"",
            "4 models[0].context: found string \"4k\", expected an integer from 1 to 16777216"
        ),
        (
            "[[models]]\nname = \"a\"\nparallel = 0",
            "3 models[0].parallel: found integer 0, expected an integer from 1 to 1024"
        ),
        ("[[models]]\ncontext = 1", "1 models[0].name: missing; clients ask for the model by it"),
        (
            "[[models]]\nname = \"a\"\n[[models]]\nname = \"b\"\nload = \"later\"",
            "5 models[1].load: found string \"later\", expected \"start\" or \"first-use\""
        ),
        (
            "[[models]]\nname = \"a\"\n\n[[models]]\nname = \"a\"",
            "5 models[1].name: \"a\" is already the model of line 1"
        ),
        (
            "[[models]]\nname = \"a\"\nsource = \"nowhere.gguf\"",
            "3 models[0].source: no file or folder at /etc/nowhere.gguf"
        ),
        (
            "[[models]]\nname = \"a\"\nplugin = \"llama\"",
            "3 models[0].plugin: no plugin is named \"llama\"; add a table [plugins.llama]"
        ),
        (
            "[[models]]\nname = \"a\"\nsampling = { temperature = 3 }",
            "3 models[0].sampling.temperature: found integer 3, expected a number from 0.0 to 2.0"
        ),
        (
            "[[models]]\nname = \"a\"\nsampling = { temprature = 1 }",
            "3 models[0].sampling.temprature: unknown key; did you mean \"temperature\"?"
        ),
        (
            "[[models]]\nname = \"a\"\nidle_unload = \"ten\"",
            "3 models[0].idle_unload: found string \"ten\", expected a duration above zero, such as \"90s\", \"10m\" or \"1h\""
        ),
        (
            "[[models]]\nname = \"a\"\nmemory_budget = 4096",
            "3 models[0].memory_budget: found integer 4096, expected a size such as \"512MB\" or \"12GiB\""
        ),
        (
            "[[models]]\nname = \"a\"\nstep_timeout = \"0s\"",
            "3 models[0].step_timeout: found string \"0s\", expected a duration above zero, such as \"90s\", \"10m\" or \"1h\""
        ),
        (
            "[[models]]\nname = \"a b\"",
            "2 models[0].name: found \"a b\", expected up to 128 letters, digits and . _ : / -, a letter or digit first"
        ),
        (
            "[plugins.p]",
            "1 plugins.p.library: missing; name the shared library, such as \"libLlama.so\""
        ),
        (
            "[plugins]\np = 5",
            "2 plugins.p: found integer 5, expected a table"
        ),
        (
            "[server]\napi_keys = [\"env:NOPE\"]",
            "2 server.api_keys: the environment variable NOPE is not set"
        ),
        (
            "[server]\ncors_origins = [\"example.org\"]",
            "2 server.cors_origins: found \"example.org\", expected an origin such as \"https://example.org\", \"null\" or \"*\""
        ),
        ("models = 3", "1 models: found integer 3, expected an array of tables, [[models]]"),
        (
            "[server]\nmax_body = \"lots\"",
            "2 server.max_body: found string \"lots\", expected a size from \"1kB\" to \"1GB\""
        ),
    ])
    func aMistakeIsNamedWithItsLineAndKey(text: String, problem: String) {
        #expect(problems(text) == [problem])
    }

    @Test func aMissingLibraryIsNamedWithThePlacesThatWereSearched() throws {
        let found = problems(
            "[server]\nplugin_path = [\"/usr\"]\n[plugins.p]\nlibrary = \"libNo.so\"")
        #expect(found.count == 1)
        #expect(found[0].hasPrefix("4 plugins.p.library: no file at "))
        #expect(found[0].contains("/libNo.so or /usr/libNo.so or /etc/libNo.so; build it"))
    }

    /// A host serves what it can: a missing file is no mistake in the settings.
    @Test func whatLiesNowhereIsReportedAndStaysListed() throws {
        let settings = try parse(
            """
            [plugins.p]
            library = "/nowhere/libNo.so"
            [[models]]
            name = "a"
            plugin = "p"
            source = "nowhere.gguf"
            """)
        #expect(settings.problems.map(\.key) == ["plugins.p.library", "models[0].source"])
        #expect(settings.plugins.map(\.library) == ["/nowhere/libNo.so"])
        #expect(settings.models.map(\.plugin) == ["p"])
        #expect(settings.lines["models[0].source"] == 6)
        // Beside a mistake it is reported with it.
        let both = problems("[plugins.p]\nlibrary = \"/nowhere/libNo.so\"\n[server]\nlisten = 5")
        #expect(both.count == 2)
    }

    @Test func allMistakesAreReportedAtOnceInTheOrderOfTheLines() {
        let found = problems(
            """
            [[models]]
            name = 5
            [server]
            listen = "nowhere"
            data = []
            """)
        #expect(
            found.map { $0.prefix { $0 != ":" } } == [
                "2 models[0].name", "4 server.listen", "5 server.data",
            ])
    }

    @Test func syntaxErrorsNameTheLine() {
        let found = problems("[server]\nlisten = \n")
        #expect(found.count == 1)
        #expect(found[0].hasPrefix("2 : not valid TOML"))
    }

    @Test func linesAreRightBehindStringsArraysAndInlineTablesOfManyLines() {
        let text = """
            [server]
            data = \"\"\"
            a ] " # x = 1
            [not.a.table]
            \"\"\"
            api_keys = [
                "one", # ] = "
                'two',
            ]
            "plugin_path" = [] # comment = 1
            drain_timeout = 5
            """
        #expect(problems(text).map { $0.prefix(23) } == ["11 server.drain_timeout"])
    }

    @Test func aKeyMaySayHowItsRequestsStand() throws {
        let settings = try SettingsFile.parse(
            """
            [server]
            api_keys = ["plain", { key = "env:KEY", priority = -2, share = 3 }]
            """, file: "/plugins.toml", environment: ["KEY": "secret"])
        #expect(settings.server.apiKeys == ["plain", "secret"])
        var standing = Standing()
        (standing.priority, standing.share) = (-2, 3)
        #expect(settings.server.standings == [Owner(key: "secret"): standing])
    }

    @Test(arguments: [
        ("{ priority = 1 }", "2 server.api_keys[0].key: is missing"),
        ("{ key = \"k\", share = 0 }", "2 server.api_keys[0].share: found integer 0, expected"),
        ("{ key = \"k\", priorty = 0 }", "2 server.api_keys[0].priorty: unknown key; did you mean"),
        ("5", "2 server.api_keys[0]: found integer 5, expected a key"),
    ])
    func aWrongTableOfAKeyIsNamed(entry: String, problem: String) {
        let found = problems("[server]\napi_keys = [\(entry)]")
        #expect(found.count == 1 && found[0].hasPrefix(problem), "\(found)")
    }

    @Test func dottedAndInlineKeysStandAtTheirOwnLine() {
        #expect(
            problems("server.listen = 1\nserver.data = 2").map { $0.prefix(2) } == ["1 ", "2 "])
        #expect(problems("\nserver = { listen = 1 }").map { $0.prefix(15) } == ["2 server.listen"])
    }

    @Test func anAddressForOthersNeedsAKey() throws {
        let refusal = try #require(problems("[server]\nlisten = \"0.0.0.0:8080\"").first)
        #expect(
            refusal.hasPrefix("2 server.listen: 0.0.0.0:8080 can be reached from other machines"))
        #expect(refusal.contains("set server.api_keys, or listen at 127.0.0.1:8080"))
        #expect(problems("[server]\nlisten = \"0.0.0.0:8080\"\napi_keys = [\"k\"]").isEmpty)
        #expect(problems("[server]\nlisten = \"[::1]:8080\"").isEmpty)
    }

    @Test func keysComeFromTheEnvironmentAndFromFiles() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(" secret\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let settings = try parse(
            "[server]\napi_keys = [\"env:KEY\", \"file:\(file.path)\"]\nadmin_keys = \"plain\"",
            environment: ["KEY": "word"])
        #expect(settings.server.apiKeys == ["word", "secret"])
        #expect(settings.server.adminKeys == ["plain"])
    }

    @Test func everyModelOfTheFolderIsFound() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["hf", "sd"] {
            try FileManager.default.createDirectory(
                at: folder.appending(path: name), withIntermediateDirectories: true)
        }
        for name in [
            "hf/config.json", "sd/model_index.json", "small.gguf", "big-00001-of-00002.gguf",
            "big-00002-of-00002.gguf",
            "README.md", ".hidden.gguf",
        ] {
            try Data().write(to: folder.appending(path: name))
        }
        let settings = try parse(
            "[server]\nmodels = \"\(folder.path)\"\n[[models]]\nname = \"hf\"\nload = \"first-use\""
        )
        #expect(settings.models.map(\.name) == ["hf", "big", "sd", "small"])
        #expect(settings.models[1].source == folder.path + "/big-00001-of-00002.gguf")
        #expect(settings.models[1].load == .firstUse)
    }

    @Test func aFileThatIsNotThereSaysHowToNameOne() {
        #expect(throws: SettingsError.self) { try SettingsFile.read("/nowhere/plugins.toml") }
    }

    @Test func theCommittedSettingsAreRight() throws {
        let file = ExamplePlugin.root.appending(path: "plugins.toml").path
        do {
            _ = try SettingsFile.read(file)
        } catch let error as SettingsError {
            // The tests run beside the libraries of Swift, not beside the one in C.
            #expect(error.problems.allSatisfy { $0.key == "plugins.markov.library" })
        }
    }
}
