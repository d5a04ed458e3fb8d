import Glibc
import PluginHost
import Testing

@Suite struct AdapterTests {
    private func openAdaptable(
        _ isolation: Isolation, config: String = "", options: PluginHostOptions = testOptions()
    ) throws -> any LoadedModel {
        try openModel(isolation, macros: ["ADAPTERS"], config: config, options: options)
    }

    /// A file of an adapter.
    private func adapter(_ text: String) -> AdapterSource {
        let path = TestFolder.shared.unique("adapter")
        writeText(text, to: path)
        return AdapterSource(path: path)
    }

    /// What the plugin answers when every row goes through an adapter of that shift.
    private func shifted(_ tokens: [Int32], by shift: Int32) -> Int32 {
        tally(tokens.map { $0 + shift })
    }

    @Test(arguments: Isolation.allCases)
    func rowsOfSeveralAdaptersShareABatch(_ isolation: Isolation) throws {
        let model = try openAdaptable(isolation)
        defer { model.close() }
        #expect(model.description.takesAdapters)
        let found = try model.loadAdapter(adapter("shift 3"), as: 1)
        #expect(found.rank == 1 && found.bytes > 0)
        _ = try model.loadAdapter(adapter("shift 5"), as: 8)
        var batch = Batch()
        for (sequence, number) in ([0, 1, 8] as [UInt32]).enumerated() {
            for (position, token) in ([70, 71] as [Int32]).enumerated() {
                batch.append(
                    token: token, sequence: sequence, position: position,
                    wantsLogits: position == 1, adapter: number)
            }
        }
        let rows = try model.forward(batch, deadline: patience)
        #expect(rows.best(0) == tally([70, 71]))
        #expect(rows.best(1) == shifted([70, 71], by: 3))
        #expect(rows.best(2) == shifted([70, 71], by: 5))
        try model.unloadAdapter(1)
        #expect(try model.feed([72], to: 2, at: 2, adapter: 8) == shifted([70, 71, 72], by: 5))
    }

    @Test(arguments: Isolation.allCases)
    func whatIsNotLoadedIsRefused(_ isolation: Isolation) throws {
        let model = try openAdaptable(isolation)
        defer { model.close() }
        let unknown = failure { _ = try model.feed([70], adapter: 4) }
        #expect(
            unknown
                == .refused(
                    code: .argument, flags: [],
                    message: "a row with an adapter that is not loaded"))
        #expect(failure { try model.unloadAdapter(4) }?.isFatal == false)
        #expect(try model.feed([70]) == tally([70]))
    }

    /// Whose files they are is at fault, not the model that reads them.
    @Test(arguments: Isolation.allCases)
    func filesThatDoNotFitAreNoFaultOfTheModel(_ isolation: Isolation) throws {
        let model = try openAdaptable(isolation)
        defer { model.close() }
        let refusals = Flag()
        model.onRefusal { _ in refusals.set() }
        let found = [AdapterSource(path: "/nowhere"), adapter("nothing")].map { source in
            failure { _ = try model.loadAdapter(source, as: 1) }
        }
        #expect(
            found == [
                .refused(code: .argument, flags: [], message: "cannot read the adapter's file"),
                .refused(code: .argument, flags: [], message: "the file says no shift"),
            ])
        #expect(!refusals.isSet)
    }

    @Test(arguments: Isolation.allCases)
    func aModelWithoutTheExtensionGetsNoAdapters(_ isolation: Isolation) throws {
        let model = try openModel(isolation)
        defer { model.close() }
        #expect(!model.description.takesAdapters)
        let refused = failure { _ = try model.loadAdapter(adapter("shift 1"), as: 1) }
        guard case .refused(.unsupported, _, let message) = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect(message.contains("roost.text.adapters/1"))
        let row = failure { _ = try model.feed([70], adapter: 1) }
        guard case .refused(.unsupported, _, _) = row else {
            Issue.record("\(String(describing: row))")
            return
        }
    }

    /// Loading takes for ever here, and the model goes on meanwhile.
    @Test func loadingKeepsNoStepWaiting() async throws {
        let marker = TestFolder.shared.unique("marker")
        let model = try openAdaptable(
            .worker, config: settings(at: "load", do: "hang", marker: marker),
            options: testOptions(limit: shortPatience))
        let source = adapter("shift 1")
        let loading = Task.detached {
            await BlockingThread.run("load") {
                failure { _ = try model.loadAdapter(source, as: 1) }
            }
        }
        #expect(eventually { access(marker, F_OK) == 0 })
        #expect(try model.feed([70, 71]) == tally([70, 71]))
        model.close()
        #expect(await loading.value != nil)
    }
}
