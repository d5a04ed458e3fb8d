import PluginABI
import PluginTesting
import Testing

/// What a context promises about sources, sequences and errors.
@Suite struct ContractTests {
    static let models = ParityTests.models

    private static let source: [Int32] = [3, 132, 25, 28, 11, 89, 6, 17, 1]
    private static let other: [Int32] = [3, 151, 135, 61, 15, 1]

    private func context(_ name: String, sequences: UInt32 = 3) throws -> TestContext {
        try TestModel(Fixtures.find(name)).context(sequences: sequences)
    }

    /// Tokens that look like nothing in particular, the start token first.
    private func text(_ count: Int, of context: TestContext) throws -> [Int32] {
        try [context.model.start] + (1..<Int32(count)).map { ($0 * $0 * 7 + $0 * 37 + 5) % 700 }
    }

    // MARK: - Sources

    @Test(arguments: models) func withoutASourceNothingIsWritten(_ name: String) throws {
        let context = try context(name)
        let error = #expect(throws: BoundaryError.self) {
            try context.append([context.model.start], to: 1)
        }
        #expect(error?.status == -1)
        #expect(error?.message == "sequence 1 has no source; encode one before its first token")
    }

    @Test(arguments: models) func anotherSourceMakesOtherLogits(_ name: String) throws {
        let context = try context(name)
        try context.encode(Self.source, for: 0)
        try context.encode(Self.other, for: 1)
        #expect(try context.length(0) == 0)
        let text = try text(4, of: context)
        #expect(try context.append(text, to: 0) != context.append(text, to: 1))
    }

    @Test(arguments: models) func clearForgetsTheSourceAndTruncateKeepsIt(_ name: String) throws {
        let context = try context(name)
        let text = try text(40, of: context)
        try context.encode(Self.source)
        let whole = try context.append(text)
        for length in [39, 33, 32, 1, 0] {
            try context.truncate(0, to: UInt32(length))
            #expect(try context.append(Array(text[length...])) == Array(whole[length...]))
        }
        try context.truncate(0, to: 0)
        #expect(throws: BoundaryError.self) { try context.encode(Self.other) }
        context.clear()
        #expect(throws: BoundaryError.self) { try context.append(text) }
        try context.encode(Self.source)
        #expect(try context.append(text) == whole)
    }

    @Test(arguments: models) func aForkSharesTheSource(_ name: String) throws {
        let context = try context(name)
        let text = try text(40, of: context)
        try context.encode(Self.source)
        let whole = try context.append(text)
        for length in [0, 1, 31, 32, 39] {
            context.clear(1)
            try context.fork(0, to: 1, length: UInt32(length))
            #expect(try context.length(1) == UInt32(length))
            let rest = try context.append(Array(text[length...]), to: 1)
            #expect(rest == Array(whole[length...]), "fork after \(length)")
        }
        // The source's end does not end the fork's.
        context.clear(0)
        try context.truncate(1, to: 39)
        #expect(try context.append([text[39]], to: 1) == [whole[39]])
        #expect(throws: BoundaryError.self) { try context.append([context.model.start], to: 0) }
    }

    @Test(arguments: models) func aForkToASequenceWithASourceIsRefused(_ name: String) throws {
        let context = try context(name)
        try context.encode(Self.source, for: 0)
        try context.encode(Self.other, for: 1)
        let error = #expect(throws: BoundaryError.self) { try context.fork(0, to: 1, length: 0) }
        #expect(error?.status == -1)
    }

    @Test func aSourceBeyondBartsPositionsIsRefused() throws {
        let context = try context("bart-tiny")
        try context.encode([Int32](repeating: 9, count: 128))
        let error = #expect(throws: BoundaryError.self) {
            try context.encode([Int32](repeating: 9, count: 129), for: 1)
        }
        #expect(error?.status == -1)
        #expect(error?.message == "the source has 129 tokens, expected at most 128; cut it")
    }

    @Test func aT5ReadsBeyondTheLengthOfItsTraining() throws {
        let context = try context("t5-tiny/v1_0")
        try context.encode((0..<900).map { Int32($0 % 700) })
        let logits = try context.append([context.model.start])[0]
        #expect(logits.allSatisfy { $0.isFinite })
    }

    // MARK: - Batches

    @Test(arguments: models, ["f16", "f32"])
    func sequencesTogetherEqualEachAlone(_ name: String, _ cache: String) throws {
        let model = try TestModel(
            Fixtures.find(name), settings: #"{"cache_type": "\#(cache)"}"#)
        let (together, alone) = (try model.context(sequences: 5), try model.context())
        #expect(together.capabilities.flags & UInt32(ROOST_LOGITS_BATCH_INVARIANT) != 0)
        let lengths = [1, 7, 33, 2, 40]
        let sources = lengths.map { n in (0..<Int32(n)).map { ($0 * 31 + Int32(n)) % 700 } }
        let texts = try lengths.map { try text($0 + 2, of: alone) }
        for (sequence, source) in sources.enumerated() {
            try together.encode(source, for: UInt32(sequence))
            _ = try together.append(texts[sequence].dropLast(), to: UInt32(sequence))
        }
        let rows = texts.enumerated().map { sequence, text in
            Row(
                token: text[text.count - 1], sequence: UInt32(sequence),
                position: UInt32(text.count - 1))
        }
        let logits = try together.forward(rows)
        for (sequence, text) in texts.enumerated() {
            alone.clear()
            try alone.encode(sources[sequence])
            #expect(try alone.append(text).last == logits[sequence], "sequence \(sequence)")
        }
    }

    @Test(arguments: models) func beamsInOneBatchEqualEachAlone(_ name: String) throws {
        let context = try context(name, sequences: 4)
        let text = try text(6, of: context)
        try context.encode(Self.source)
        _ = try context.append(text)
        for beam in 1..<4 { try context.fork(0, to: UInt32(beam), length: 6) }
        let rows = (0..<4).map { Row(token: 40 + $0, sequence: UInt32($0), position: 6) }
        let together = try context.forward(rows)
        for (beam, row) in rows.enumerated() {
            try context.truncate(UInt32(beam), to: 6)
            #expect(try context.forward([row])[0] == together[beam])
        }
    }

    @Test(arguments: models) func tokenByTokenEqualsAtOnce(_ name: String) throws {
        let context = try context(name)
        let text = try text(70, of: context)
        try context.encode(Self.source)
        let whole = try context.append(text)
        for chunk in [1, 7, 32] {
            try context.truncate(0, to: 0)
            let parts = try stride(from: 0, to: text.count, by: chunk).flatMap { start in
                try context.append(Array(text[start..<min(start + chunk, text.count)]))
            }
            #expect(parts == whole, "chunks of \(chunk)")
        }
    }

    // MARK: - Failures

    /// A check before the call, one before each layer of the encoder, and one before each layer of
    /// the decoder that remembers.
    @Test(arguments: zip(models, [5, 6, 5]))
    func aCancelBetweenLayersLeavesNoSource(_ name: String, _ checks: Int) throws {
        let context = try context(name)
        for looks in 0..<checks {
            let error = #expect(throws: BoundaryError.self) {
                try context.encode(Self.source, checks: looks)
            }
            #expect(error?.status == -5)
            #expect(throws: BoundaryError.self) { try context.append([context.model.start]) }
        }
        try context.encode(Self.source, checks: checks)
        #expect(try context.append([context.model.start]).count == 1)
    }

    @Test(arguments: models) func aCancelledForwardChangesNothing(_ name: String) throws {
        let (context, undisturbed) = (try context(name), try context(name))
        let text = try text(5, of: context)
        for one in [context, undisturbed] {
            try one.encode(Self.source)
            _ = try one.append(text)
        }
        // One check before the pass and one before each of the decoder's two layers.
        for checks in 0...2 {
            let error = #expect(throws: BoundaryError.self) {
                try context.forward([Row(token: 7, position: 5)], checks: checks)
            }
            #expect(error?.status == -5)
            #expect(try context.length(0) == 5)
        }
        #expect(try context.append([9, 10]) == undisturbed.append([9, 10]))
    }

    @Test func theCancelWordEndsTheCall() throws {
        let context = try context("t5-tiny/v1_0")
        var cancel = ownCall
        let error = #expect(throws: BoundaryError.self) {
            try context.encode(Self.source, cancel: &cancel)
        }
        #expect(error?.status == -5)
    }

    @Test(arguments: [[], [-1], [832], [3, .max]] as [[Int32]])
    func aSourceThatIsNoneIsRefused(_ source: [Int32]) throws {
        let context = try context("t5-tiny/v1_0")
        let error = #expect(throws: BoundaryError.self) { try context.encode(source) }
        #expect(error?.status == -1)
        #expect(error?.message.contains("source") == true)
    }

    @Test func aFullSequenceIsBusy() throws {
        let context = try context("bart-tiny")
        try context.encode(Self.source)
        _ = try context.append(text(128, of: context))
        let error = #expect(throws: BoundaryError.self) { try context.append([5]) }
        #expect(error?.status == -6)
    }

    // MARK: - What it is

    @Test(arguments: zip(models, [(832, 512), (832, 512), (1005, 128)] as [(UInt32, UInt32)]))
    func capabilitiesAreTheModels(_ name: String, _ size: (rows: UInt32, positions: UInt32)) throws
    {
        let found = try context(name, sequences: 2).capabilities
        #expect(found.n_vocab == size.rows)
        #expect(found.n_ctx == size.positions)
        #expect(found.n_seq == 2)
        #expect(found.flags == 1 | 2 | 4)
    }

    @Test(arguments: models) func theSelfTestPasses(_ name: String) throws {
        let report = try context(name).selfTest()
        #expect(report.hasPrefix(#"{"passed": true"#))
        #expect(report.contains("one by one equals at once"))
        #expect(report.contains("after a fork equals at once"))
    }
}
