import Glibc
import PluginHost
import Testing

/// A model that reads a source and writes of it, in-process and in a worker.
@Suite struct EncoderModelTests {
    /// The token that the test plugin's sequences begin with.
    private static let start: Int32 = 257

    private func open(_ isolation: Isolation, config: String = "") throws -> any LoadedModel {
        try openModel(isolation, macros: ["ENCODER"], config: config)
    }

    @Test(arguments: Isolation.allCases)
    func theDecoderWritesOfItsSequencesSource(_ isolation: Isolation) throws {
        let model = try open(isolation)
        defer { model.close() }
        #expect(model.description.encoder == EncoderCapabilities(decoderStart: Self.start))
        #expect(model.description.extensions.contains("roost.text.encode/1"))
        try model.encode([7, 8, 9], into: 0, deadline: patience)
        try model.encode([5], into: 1, deadline: nil)
        #expect(try model.sequenceLength(0) == 0)
        #expect(try model.feed([Self.start]) == tally([Self.start], of: [7, 8, 9]))
        #expect(try model.feed([Self.start], to: 1) == tally([Self.start], of: [5]))
    }

    @Test(arguments: Isolation.allCases)
    func aSourceIsKeptAndSharedUntilItsSequenceIsCleared(_ isolation: Isolation) throws {
        let model = try open(isolation)
        defer { model.close() }
        try model.encode([7, 8], into: 0, deadline: patience)
        try model.fork(0, to: 1, length: 0)
        #expect(try model.feed([Self.start, 3], to: 1) == tally([Self.start, 3], of: [7, 8]))
        try model.truncate(1, to: 0)
        #expect(try model.feed([Self.start], to: 1) == tally([Self.start], of: [7, 8]))
        try model.clear(1)
        let refused = failure { _ = try model.feed([Self.start], to: 1) }
        #expect(
            refused
                == .refused(code: .argument, flags: [], message: "the sequence has no source"))
        try model.encode([5], into: 1, deadline: patience)
        #expect(try model.feed([Self.start], to: 1) == tally([Self.start], of: [5]))
        #expect(try model.feed([Self.start]) == tally([Self.start], of: [7, 8]))
    }

    @Test(arguments: Isolation.allCases)
    func aSourceThatDoesNotFitNeverReachesThePlugin(_ isolation: Isolation) throws {
        let model = try open(isolation, config: settings(at: "encode", do: "segv"))
        defer { model.close() }
        let calls: [(source: [Int32], sequence: Int)] = [
            ([], 0), ([258], 0), ([-1], 0), ([1], 4), ([1], -1),
            ([Int32](repeating: 1, count: 1 << 20 + 1), 0),
        ]
        for call in calls {
            let failure = failure {
                try model.encode(call.source, into: call.sequence, deadline: nil)
            }
            guard case .refused(.argument, _, _) = failure else {
                Issue.record("\(call.source.prefix(2)): \(String(describing: failure))")
                continue
            }
        }
    }

    @Test(arguments: Isolation.allCases)
    func aModelWithoutAnEncoderSaysSo(_ isolation: Isolation) throws {
        let model = try openModel(isolation)
        defer { model.close() }
        #expect(model.description.encoder == nil)
        #expect(
            failure { try model.encode([1], into: 0, deadline: nil) }
                == .refused(code: .unsupported, flags: [], message: "the model has no encoder"))
    }

    private static let broken: [(deed: String, says: String)] = [
        ("start", "decoder_start is 1048576, expected 0 to 257"),
        ("no-encode", "encode is null"),
        ("no-decode", "an encoder without a decoder"),
    ]

    @Test(arguments: Isolation.allCases, broken.indices)
    func anEncoderThatCannotBeIsNotOpened(_ isolation: Isolation, index: Int) {
        let (deed, says) = Self.broken[index]
        let failure = failure {
            try open(isolation, config: settings(at: "extension", do: deed)).close()
        }
        guard case .broken(_, let reason) = failure else {
            Issue.record("\(deed): \(String(describing: failure))")
            return
        }
        #expect(reason.contains(says))
    }

    @Test(arguments: ["segv", "exit0", "hang"])
    func anEncoderThatEndsItsProcessIsReported(_ deed: String) async throws {
        let found = try await BlockingThread.run("encode") {
            let limit = deed == "hang" ? shortPatience : patience
            let model = try open(.worker, config: settings(at: "encode", do: deed))
            defer { model.close() }
            return failure { try model.encode([1], into: 0, deadline: limit) }
        }
        switch found {
        case .crashed(let death): #expect(death.step == "encode" && deed != "hang")
        case .hung(let step, _, _): #expect(step == "encode" && deed == "hang")
        default: Issue.record("\(String(describing: found))")
        }
    }

    @Test(arguments: Isolation.allCases)
    func anEncodingCanBeAskedToStop(_ isolation: Isolation) async throws {
        let found = try await BlockingThread.run("encode") {
            let model = try open(isolation, config: settings(at: "encode", do: "slow"))
            defer { model.close() }
            let ended = Flag()
            defer { ended.set() }
            BlockingThread.start("cancel") {
                _ = eventually(within: .seconds(3600)) {
                    model.requestCancel()
                    return ended.isSet
                }
            }
            return failure { try model.encode([1], into: 0, deadline: nil) }
        }
        #expect(found == .refused(code: .cancelled, flags: [], message: "told to stop"))
    }
}
