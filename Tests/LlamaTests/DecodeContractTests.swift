import PluginABI
import PluginTesting
import TestFixtures
import Testing

/// What a context promises about errors: they change nothing.
@Suite struct DecodeContractTests {
    private func context(sequences: UInt32 = 2) throws -> TestContext {
        try TestModel(Fixtures.find("spm")).context(sequences: sequences, contextLength: 64)
    }

    private static let prompt: [Int32] = [1, 300, 17, 450, 88]

    @Test(arguments: [
        Row(token: 900, position: 5), Row(token: -2, position: 5), Row(token: .max, position: 5),
        Row(token: 1, sequence: 2, position: 0), Row(token: 1, sequence: .max, position: 0),
        Row(token: 1, position: 4), Row(token: 1, position: 6), Row(token: 1, position: .max),
        Row(token: 1, sequence: 1, position: 2),
    ])
    func aRowOutOfRangeIsAnArgumentErrorAndChangesNothing(row: Row) throws {
        let context = try context()
        _ = try context.append(Self.prompt)
        let error = #expect(throws: BoundaryError.self) {
            try context.forward([Row(token: 2, sequence: 1, position: 0), row])
        }
        #expect(error?.status == -1)
        #expect(error?.message.isEmpty == false)
        #expect(try context.length(0) == 5)
        #expect(try context.length(1) == 0)
    }

    @Test func afterACancelBetweenLayersAllIsAsBefore() throws {
        let (context, undisturbed) = (try context(), try context())
        _ = try context.append(Self.prompt)
        _ = try undisturbed.append(Self.prompt)
        // One check before the pass and one before each of the two layers.
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
        let context = try context()
        var cancel = ownCall
        let error = #expect(throws: BoundaryError.self) {
            try context.forward([Row(token: 7, position: 0)], cancel: &cancel)
        }
        #expect(error?.status == -5)
        #expect(try context.length(0) == 0)
    }

    @Test func aFullSequenceIsBusy() throws {
        let context = try context()
        _ = try context.append((0..<64).map { Int32($0) })
        let error = #expect(throws: BoundaryError.self) { try context.append([1]) }
        #expect(error?.status == -6)
        context.clear()
        #expect(try context.append([1]).count == 1)
    }

    @Test func capabilitiesAreTheModels() throws {
        let context = try TestModel(Fixtures.find("spm")).context(sequences: 3)
        #expect(context.capabilities.n_vocab == 900)
        #expect(context.capabilities.n_ctx == 512)
        #expect(context.capabilities.n_seq == 3)
        #expect(context.capabilities.n_batch >= 32)
        #expect(context.capabilities.flags == 1 | 2 | 4)
    }

    @Test func aLongerContextThanTheModelsIsCutToIt() throws {
        let context = try TestModel(Fixtures.find("spm")).context(contextLength: 1_000_000)
        #expect(context.capabilities.n_ctx == 512)
    }

    @Test func tooManySequencesAreAnArgumentError() throws {
        let model = try TestModel(Fixtures.find("spm"))
        let error = #expect(throws: BoundaryError.self) { try model.context(sequences: .max) }
        #expect(error?.status == -1)
    }

    @Test func theSelfTestPasses() throws {
        let report = try context().selfTest()
        #expect(report.hasPrefix(#"{"passed": true"#))
        #expect(report.contains("one by one equals at once"))
        #expect(report.contains("after a fork equals at once"))
    }
}
