import PluginHost
import Testing

/// What holds for a model wherever its plugin runs.
@Suite struct LoadedModelTests {
    @Test(arguments: Isolation.allCases)
    func theDescriptionIsWhatThePluginSays(_ isolation: Isolation) throws {
        let model = try openModel(isolation, sequences: 3)
        defer { model.close() }
        let description = model.description
        #expect(description.pluginID == "org.example.tally")
        #expect(description.pluginVersion == "1.0.0")
        #expect(description.family == "tally")
        #expect(
            String(decoding: description.infoJSON, as: UTF8.self).contains("\"name\": \"tally\""))
        #expect(
            description.extensions == [
                "roost.text.tokens/1", "roost.text.decode/1", "roost.selftest/1",
            ])
        let decode = try #require(description.decode)
        #expect(decode.vocabularySize == 258)
        #expect(decode.sequences == 3)
        #expect(decode.flags == [.truncateAny, .fork, .batchInvariant])
    }

    @Test(arguments: Isolation.allCases)
    func theVocabularyIsCopied(_ isolation: Isolation) throws {
        let model = try openModel(isolation)
        defer { model.close() }
        let vocabulary = try #require(model.vocabulary)
        #expect(vocabulary.count == 258)
        #expect(Array(vocabulary.piece(65)) == [65])
        #expect(vocabulary.piece(257).isEmpty)
        #expect(vocabulary.piece(-1).isEmpty && vocabulary.piece(258).isEmpty)
        #expect(vocabulary.attributes(of: 257) == [.control, .end])
        #expect(vocabulary.bos == 256 && vocabulary.eos == 257)
        #expect(vocabulary.eot == nil && vocabulary.pad == nil)
    }

    @Test(arguments: Isolation.allCases)
    func textBecomesTokens(_ isolation: Isolation) throws {
        let model = try openModel(isolation)
        defer { model.close() }
        #expect(
            try model.tokenize("Aé", addSpecial: true, parseSpecial: false) == [
                256, 65, 0xc3, 0xa9,
            ])
        #expect(try model.tokenize("", addSpecial: false, parseSpecial: true) == [])
        let long = String(repeating: "x", count: 300_000)
        #expect(try model.tokenize(long, addSpecial: false, parseSpecial: false).count == 300_000)
    }

    /// With a plugin that can be told which bytes are plain, and with those that cannot.
    @Test(
        arguments: Isolation.allCases,
        [["SPECIALS"], ["SPECIALS", "MIXED"], ["SPECIALS", "END_ONLY"]])
    func whatSomebodyElseWroteIsNoControlToken(_ isolation: Isolation, _ macros: [String]) throws {
        let model = try openModel(isolation, macros: macros)
        defer { model.close() }
        let (b, e) = (Array("<b>".utf8), Array("<e>".utf8))
        func ids(_ text: String, _ plain: [Range<Int>]) throws -> [Int32] {
            try model.tokenize(mixed: text, plain: plain)
        }
        #expect(try ids("<b>x<e>", []) == [256, 120, 257])
        #expect(try ids("<b>x<e>", [3..<4]) == [256, 120, 257])
        #expect(try ids("<b>x<e>", [3..<7]) == [256, 120] + e.map { Int32($0) })
        #expect(try ids("<b><e>", [0..<3]) == b.map { Int32($0) } + [257])
        #expect(try ids("<b><e>", [2..<4]) == (b + e).map { Int32($0) })
        #expect(try ids("<b><b>", [5..<6]) == [256] + b.map { Int32($0) })
        #expect(try ids("é<b>é", [0..<2, 5..<7]) == [0xC3, 0xA9, 256, 0xC3, 0xA9])
    }

    @Test(arguments: Isolation.allCases)
    func aRowOfLogitsComesForEachRowThatWantsOne(_ isolation: Isolation) throws {
        let model = try openModel(isolation)
        defer { model.close() }
        var batch = Batch()
        batch.append(token: 256, sequence: 0, position: 0, wantsLogits: false)
        batch.append(token: 70, sequence: 0, position: 1, wantsLogits: true)
        batch.append(token: 256, sequence: 1, position: 0, wantsLogits: true)
        let rows = try model.forward(batch, deadline: patience)
        #expect(rows.count == 2 && rows.width == 258)
        #expect(rows.best(0) == tally([256, 70]))
        #expect(rows.best(1) == tally([256]))
        #expect(rows[0][Int(tally([256, 70]))] == 0)
        #expect(rows[0].min() == -257)
    }

    @Test(arguments: Isolation.allCases)
    func sequencesAreKeptCutAndCopied(_ isolation: Isolation) throws {
        let model = try openModel(isolation)
        defer { model.close() }
        #expect(try model.feed([256, 1, 2, 3]) == tally([256, 1, 2, 3]))
        #expect(try model.sequenceLength(0) == 4)
        try model.fork(0, to: 2, length: 3)
        #expect(try model.feed([9], to: 2, at: 3) == tally([256, 1, 2, 9]))
        try model.truncate(0, to: 1)
        #expect(try model.feed([8], at: 1) == tally([256, 8]))
        try model.clear(0)
        #expect(try model.sequenceLength(0) == 0)
        #expect(try model.sequenceLength(2) == 4)
    }

    @Test(arguments: Isolation.allCases)
    func aRefusalKeepsTheModel(_ isolation: Isolation) throws {
        let model = try openModel(isolation)
        defer { model.close() }
        let refused = failure { try model.truncate(0, to: 5) }
        #expect(
            refused
                == .refused(
                    code: .argument, flags: [], message: "the sequence is shorter than that"))
        #expect(refused?.isFatal == false)
        let lost = failure { _ = try model.feed([1], at: 7) }
        #expect(
            lost == .refused(code: .argument, flags: .sequencesLost, message: "rows out of order"))
        #expect(try model.feed([256]) == tally([256]))
    }

    @Test(
        arguments: Isolation.allCases,
        [
            Batch(),
            Batch(tokens: [258], sequences: [0], positions: [0], wants: [true]),
            Batch(tokens: [-1], sequences: [0], positions: [0], wants: [true]),
            Batch(tokens: [1], sequences: [4], positions: [0], wants: [true]),
            Batch(tokens: [1], sequences: [0], positions: [1024], wants: [true]),
            Batch(tokens: [1], sequences: [], positions: [0], wants: [true]),
            Batch(
                tokens: Array(repeating: 1, count: 65), sequences: Array(repeating: 0, count: 65),
                positions: Array(0..<65), wants: Array(repeating: false, count: 65)),
        ])
    func aBatchThatDoesNotFitNeverReachesThePlugin(_ isolation: Isolation, batch: Batch)
        throws
    {
        let model = try openModel(isolation, config: settings(at: "forward", do: "segv"))
        defer { model.close() }
        guard
            case .refused(.argument, _, _) = failure(of: {
                _ = try model.forward(batch, deadline: nil)
            })
        else {
            Issue.record("the batch was not refused")
            return
        }
        #expect(failure { try model.clear(4) }?.isFatal == false)
        #expect(failure { _ = try model.sequenceLength(-1) }?.isFatal == false)
    }

    @Test(arguments: Isolation.allCases)
    func aCallInFlightIsCancelled(_ isolation: Isolation) async throws {
        let model = try openModel(isolation, config: settings(at: "forward", do: "slow"))
        defer { model.close() }
        let refused = Task {
            await BlockingThread.run("forward") {
                failure { _ = try model.feed([256], deadline: patience) }
            }
        }
        await cancelRepeatedly(model) { await refused.value }
        let told = ModelFailure.refused(code: .cancelled, flags: [], message: "told to stop")
        #expect(await refused.value == told)
        #expect(try model.sequenceLength(0) == 0)
    }

    @Test(arguments: Isolation.allCases)
    func tokenizingGoesOnWhileAForwardRuns(_ isolation: Isolation) async throws {
        let model = try openModel(isolation, config: settings(at: "forward", do: "slow"))
        defer { model.close() }
        let refused = Task {
            await BlockingThread.run("forward") {
                failure { _ = try model.feed([256], deadline: patience) }
            }
        }
        for _ in 0..<20 {
            #expect(try model.tokenize("ab", addSpecial: false, parseSpecial: false) == [97, 98])
        }
        await cancelRepeatedly(model) { await refused.value }
        #expect(await refused.value?.isFatal == false)
    }

    /// The word still names the call that was cancelled: it must not meet the one after it.
    @Test(arguments: Isolation.allCases)
    func aCancelIsOfOneCallAlone(_ isolation: Isolation) async throws {
        let slowFor = #"{"at": "forward", "do": "slow", "letter": "x"}"#
        let model = try openModel(isolation, config: slowFor)
        defer { model.close() }
        let ended = Flag()
        let refused = Task {
            await BlockingThread.run("forward") {
                defer { ended.set() }
                return failure {
                    _ = try model.feed([Int32(UInt8(ascii: "x"))], deadline: patience)
                }
            }
        }
        await BlockingThread.run("cancel") {
            _ = eventually(within: .seconds(3600)) {
                model.requestCancel()
                return ended.isSet
            }
        }
        #expect(
            await refused.value == .refused(code: .cancelled, flags: [], message: "told to stop"))
        model.requestCancel()
        #expect(try model.feed([256], deadline: patience) == tally([256]))
        model.requestCancel()
        #expect(try model.feed([7], at: 1, deadline: patience) == tally([256, 7]))
    }

    /// Cancelling before a call begins does nothing, so it is asked for until the call has ended.
    private func cancelRepeatedly(
        _ model: any LoadedModel, until call: () async -> ModelFailure?
    ) async {
        let ended = Flag()
        BlockingThread.start("cancel") { [model] in
            // As long as it takes: the call may begin late on a machine that has much to do.
            _ = eventually(within: .seconds(3600)) {
                model.requestCancel()
                return ended.isSet
            }
        }
        _ = await call()
        ended.set()
    }

    @Test(arguments: Isolation.allCases)
    func theSelfTestReportsWhatThePluginFound(_ isolation: Isolation) throws {
        let good = try openModel(isolation)
        defer { good.close() }
        let report = try #require(try good.selfTest(limit: patience))
        #expect(String(decoding: report.json, as: UTF8.self).contains("\"passed\": true"))
    }

    @Test(arguments: Isolation.allCases)
    func nothingWorksAfterClose(_ isolation: Isolation) throws {
        let model = try openModel(isolation)
        model.close()
        model.close()
        guard case .unavailable = failure(of: { try model.clear(0) }) else {
            Issue.record("a closed model was called")
            return
        }
        guard
            case .unavailable = failure(of: {
                _ = try model.tokenize("a", addSpecial: false, parseSpecial: false)
            })
        else {
            Issue.record("a closed model was called")
            return
        }
    }
}
