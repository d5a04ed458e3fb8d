import PluginHost
import Testing

/// What a plugin answers is believed only where the contract allows it, in-process and in a worker.
@Suite struct PluginContractTests {
    private static let brokenModels: [(step: String, deed: String, says: String)] = [
        ("probe", "proud", "score 1000"),
        ("open", "null", "the model of a successful open is null"),
        ("open", "positive", "status 5"),
        ("caps", "none", "n_vocab is 0"),
        ("caps", "huge", "n_vocab is 2147483648"),
        ("caps", "no-context", "n_ctx is 0"),
        ("caps", "no-sequence", "n_seq is 0"),
        ("caps", "no-batch", "n_batch is 0"),
        ("vocab", "none", "0 tokens"),
        ("vocab", "null", "null arrays"),
        ("vocab", "wild", "eos is 1048576"),
        ("vocab", "falling", "offset[100] is 7"),
        ("extension", "null", "forward is null"),
        ("extension", "size", "struct_size is 3"),
        ("info", "unbounded", "more than 4194304 bytes"),
    ]

    @Test(arguments: Isolation.allCases, brokenModels.indices)
    func aModelThatLiesIsNotOpened(_ isolation: Isolation, index: Int) {
        let (step, deed, says) = Self.brokenModels[index]
        let failure = failure {
            try openModel(isolation, config: settings(at: step, do: deed)).close()
        }
        guard case .broken(_, let reason) = failure else {
            Issue.record("\(step) \(deed): \(String(describing: failure))")
            return
        }
        #expect(reason.contains(says))
    }

    @Test(arguments: Isolation.allCases, ["unbounded", "wild", "ragged", "null"])
    func tokensThatAreNoneAreFound(_ isolation: Isolation, deed: String) throws {
        let model = try openModel(isolation, config: settings(at: "tokenize", do: deed))
        defer { model.close() }
        let failure = failure {
            _ = try model.tokenize("abc", addSpecial: true, parseSpecial: true)
        }
        guard case .broken("tokenize", _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(failure?.isFatal == true)
    }

    @Test(arguments: Isolation.allCases)
    func rowsAndLengthsThatCannotBeAreFound(_ isolation: Isolation) throws {
        let rows = try openModel(isolation, config: settings(at: "forward", do: "rows"))
        defer { rows.close() }
        guard case .broken("forward", _) = failure(of: { _ = try rows.feed([1]) }) else {
            Issue.record("a row too many was believed")
            return
        }
        let length = try openModel(isolation, config: settings(at: "seq_len", do: "wild"))
        defer { length.close() }
        guard case .broken("seq_len", _) = failure(of: { _ = try length.sequenceLength(0) }) else {
            Issue.record("a length beyond the context was believed")
            return
        }
    }

    /// What stands there is of the step before, and perhaps another request's.
    @Test(arguments: Isolation.allCases)
    func aRowThatIsNotWrittenIsFound(_ isolation: Isolation) throws {
        let model = try openModel(isolation, config: settings(at: "forward", do: "lazy"))
        defer { model.close() }
        let batch = Batch(
            tokens: [256, 7], sequences: [0, 0], positions: [0, 1], wants: [true, true])
        let found = failure { _ = try model.forward(batch, deadline: patience) }
        #expect(
            found
                == .broken(
                    step: "forward",
                    reason: "row 1 of the logits was not written, expected all 2 that were wanted"))
    }

    /// Beyond its struct_size the table holds addresses that crash when they are called.
    @Test(arguments: Isolation.allCases)
    func anOlderPluginsMissingMembersAreNotRead(_ isolation: Isolation) throws {
        let model = try openModel(isolation, config: settings(at: "extension", do: "short"))
        defer { model.close() }
        #expect(try model.feed([256]) == tally([256]))
        #expect(
            failure { try model.truncate(0, to: 0) }
                == .refused(
                    code: .unsupported, flags: [], message: "the plugin has no seq_truncate"))
    }

    private static let brokenLibraries: [(macros: [String], stage: String, says: String)] = [
        (["MIN_HOST_MINOR=7"], "query", "needs a host of ABI 1.7, this one has 1.0; update Roost"),
        (["EARLY_AT=\"query\"", "EARLY_DO=\"\""], "query", "returned NULL to a host"),
        (["EARLY_AT=\"attach\"", "EARLY_DO=\"\""], "attach", "refused to attach as told"),
        (["STRUCT_SIZE=3"], "query", "struct_size is 3"),
        (["STRUCT_SIZE=16"], "query", "struct_size is 16, expected about 168"),
        (["STRUCT_SIZE=1000000"], "query", "struct_size is 1000000"),
        (["STRUCT_SIZE=96"], "query", "attach is null"),
        (["WITHOUT_OPEN"], "query", "open is null"),
        (["ID=\"\""], "query", "id is empty"),
    ]

    @Test(arguments: Isolation.allCases, brokenLibraries.indices)
    func aLibraryThatDoesNotFitSaysWhy(_ isolation: Isolation, index: Int) {
        let (macros, stage, says) = Self.brokenLibraries[index]
        let failure = failure { try openModel(isolation, macros: macros).close() }
        switch failure {
        case .load(let found, let reason):
            #expect(found.rawValue == stage && reason.contains(says))
        case .broken(let found, let reason):
            #expect(found == stage && reason.contains(says))
        default: Issue.record("\(macros): \(String(describing: failure))")
        }
    }

    @Test func aPluginOfAnotherSwiftRunsInAWorkerOnly() throws {
        let macros = ["TOOLCHAIN=\"swift 5.9\""]
        let failure = failure { try openModel(.inProcess, macros: macros).close() }
        guard case .load(.query, let reason) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(reason.contains("swift 5.9") && reason.contains("isolation = \"worker\""))
        let model = try openModel(.worker, macros: macros)
        defer { model.close() }
        #expect(model.description.toolchain == "swift 5.9")
    }

    @Test(arguments: Isolation.allCases, ["probe", "open", "context_new"])
    func aRefusalWhileLoadingIsAFailureOfThatStage(_ isolation: Isolation, step: String) {
        let failure = failure {
            try openModel(isolation, config: settings(at: step, do: "refuse")).close()
        }
        #expect(
            failure == .load(stage: LoadStage(rawValue: step) ?? .find, reason: "refused as told"))
    }

    /// Every function with a status has a place for its words.
    @Test(
        arguments: Isolation.allCases,
        [("caps", LoadStage.describe), ("vocab", .vocabulary), ("info", .describe)])
    func whatAModelDoesNotSayOfItselfHasAReason(
        _ isolation: Isolation, refused: (step: String, stage: LoadStage)
    ) {
        let failure = failure {
            try openModel(isolation, config: settings(at: refused.step, do: "refuse")).close()
        }
        #expect(failure == .load(stage: refused.stage, reason: "refused as told"))
    }

    @Test(arguments: Isolation.allCases)
    func clearingASequenceFailsWithAReason(_ isolation: Isolation) throws {
        let model = try openModel(isolation, config: settings(at: "seq_clear", do: "refuse"))
        defer { model.close() }
        let failure = failure { try model.clear(0) }
        #expect(failure == .refused(code: .model, flags: [], message: "refused as told"))
    }

    @Test(arguments: Isolation.allCases)
    func theProbeTellsAPluginsModelFromAnother(_ isolation: Isolation) throws {
        let path = TestFolder.shared.unique("other")
        writeText("GGUF and so on", to: path)
        let loader = ModelLoader(testOptions())
        let plugin = try loader.stage(
            PluginSpec(name: "tally", library: try TestPlugin.library(), isolation: isolation))
        #expect(try loader.probe(plugin, OpenRequest(path: path)).score == 0)
        #expect(try loader.probe(plugin, OpenRequest(path: TestPlugin.model)).score == 60)
    }

    @Test(arguments: Isolation.allCases)
    func whatAPluginLogsReachesTheHost(_ isolation: Isolation) throws {
        let log = LogRecorder()
        // An image attaches once per process, so this one is of its own.
        let model = try openModel(
            isolation, macros: ["VERSION=\"log\""], options: testOptions(log: log.handler))
        defer { model.close() }
        #expect(
            eventually { log.lines.contains { $0.level == .info && $0.text.contains("attached") } })
        #expect(eventually { log.lines.contains { $0.text.contains("counting to four") } })
    }

    /// Each of the four sequences has room for 1024 tokens.
    @Test(arguments: Isolation.allCases)
    func aPluginGetsNoMoreMemoryThanItsModelMayTake(_ isolation: Isolation) throws {
        let loader = ModelLoader(testOptions())
        // An image counts for all models of a process, so this one is of its own.
        let library = try TestPlugin.library(["VERSION=\"budget\""], of: "tally")
        let plugin = try loader.stage(
            PluginSpec(name: "tally", library: library, isolation: isolation))
        var request = OpenRequest(path: TestPlugin.model, sequences: 4, budgetBytes: 10_000)
        #expect(
            failure { try loader.launch(plugin, name: "test", request).close() }
                == .load(stage: .context, reason: "no memory for the sequences"))
        request.budgetBytes = 20_000
        let model = try loader.launch(plugin, name: "test", request)
        defer { model.close() }
        #expect(model.description.allocated.sequences == 4 * 1024 * 4)
        #expect(model.description.allocated.total == model.description.allocated.sequences)
        #expect(model.description.budgetBytes == 20_000)
    }

    /// `trace_id` is how a plugin's own log is read beside the host's.
    @Test func aFailedCallIsLoggedByTheNameThatThePluginKnows() throws {
        let log = LogRecorder()
        let model = try openModel(
            .worker, config: settings(at: "forward", do: "trace"),
            options: testOptions(log: log.handler))
        defer { model.close() }
        let found = failure { _ = try model.feed([1]) }
        guard case .refused(_, _, let said) = found, said.hasPrefix("this is ") else {
            Issue.record("\(String(describing: found))")
            return
        }
        let id = said.dropFirst("this is ".count)
        #expect(
            eventually { log.lines.contains { $0.text.contains("call \(id), forward, failed") } })
    }

    @Test func aLibraryThatIsNowhereIsMissedWithThePlaces() {
        let loader = ModelLoader(testOptions())
        let failure = failure {
            _ = try loader.stage(PluginSpec(name: "x", library: "libNoSuch.so"))
        }
        guard case .load(.find, let reason) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(reason.contains(productFolder) && reason.contains("plugin_path"))
    }
}
