import PluginHost
import Synchronization
import Testing

/// What comes back of a call is looked at in the host: a worker that lies decides no index, count or length.
@Suite struct ModelCallTests {
    /// A model whose plugin, or worker, answers what it is told to.
    private final class Liar: LoadedModel {
        let description = Messages.description
        let vocabulary: Vocabulary? = Messages.vocabulary
        private let lies: @Sendable (any ModelCall) throws -> Any
        private let memory = Memory()

        init(_ lies: @escaping @Sendable (any ModelCall) throws -> Any) {
            self.lies = lies
        }

        func call<Call: ModelCall>(_ call: Call, deadline: Duration?) throws -> Call.Result {
            let host = HostSide(description, vocabulary, memory)
            try call.check(on: host)
            let answer = try lies(call) as? Call.Answer
            return try call.result(try #require(answer), on: host)
        }

        func requestCancel() {}
        func close() {}
    }

    /// Where no call may reach beyond the end.
    private final class Memory: LaneMemory, @unchecked Sendable {
        private static let size = 1 << 16
        private let start = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)

        init() { start.initializeMemory(as: UInt8.self, repeating: 0, count: Self.size) }
        deinit { start.deallocate() }

        func room(_ bytes: Int) throws -> UnsafeMutableRawPointer {
            try #require(bytes <= Self.size)
            return start
        }
    }

    private func expectBroken(
        _ answer: @autoclosure @escaping @Sendable () throws -> Any,
        _ call: (any LoadedModel) throws -> Void, at location: SourceLocation = #_sourceLocation
    ) {
        let failure = failure { try call(Liar { _ in try answer() }) }
        guard case .broken = failure else {
            Issue.record("\(String(describing: failure))", sourceLocation: location)
            return
        }
    }

    @Test func tokensOutsideTheVocabularyAreFound() throws {
        let tokenize = { (model: any LoadedModel) in
            _ = try model.tokenize("a", addSpecial: true, parseSpecial: true)
        }
        try tokenize(Liar { _ in [0, 2] as [Int32] })
        expectBroken([0, 3] as [Int32], tokenize)
        expectBroken([-1] as [Int32], tokenize)
    }

    @Test func lengthsBeyondTheContextAreFound() throws {
        #expect(try Liar { _ in 6 }.sequenceLength(0) == 6)
        expectBroken(7) { _ = try $0.sequenceLength(0) }
    }

    @Test func answersToOtherTextsThanWereAskedAboutAreFound() throws {
        expectBroken([[1]] as [[Int32]]) { _ = try $0.embeddingTokens(of: ["a", "b"], flags: []) }
        expectBroken([[-1]] as [[Int32]]) { _ = try $0.embeddingTokens(of: ["a"], flags: []) }
        let long = [Int32](repeating: 1, count: 10)
        expectBroken([long]) { _ = try $0.embeddingTokens(of: ["a"], flags: []) }
        expectBroken([] as [TokenCount]) {
            _ = try $0.countTokens(of: ["a"], with: .none, flags: [])
        }
        expectBroken([TokenCount(whole: 1, read: 2)]) {
            _ = try $0.countTokens(of: ["a"], with: .none, flags: [])
        }
        expectBroken([1, 2] as [Float]) {
            _ = try $0.scores(query: "q", documents: ["a"], deadline: nil)
        }
    }

    @Test func stepsThatCannotBeAreFound() throws {
        let step = { (model: any LoadedModel) in
            _ = try model.stepImage(JobID(rawValue: 1), deadline: nil)
        }
        try step(Liar { _ in JobProgress(done: false, step: 3, of: 3) })
        expectBroken(JobProgress(done: false, step: 4, of: 3), step)
        expectBroken(JobProgress(done: false, step: 1, of: 1 << 20), step)
    }

    /// The room is what the host made for the request, whatever the worker says later.
    @Test func imagesThatDoNotFitTheirRoomAreFound() throws {
        let finish = { (model: any LoadedModel) throws -> RGBImage in
            var request = ImageRequest(prompt: "a")
            (request.width, request.height) = (8, 16)
            let id = try model.beginImage(request, deadline: nil)
            return try model.finishImage(id, deadline: nil)
        }
        let placing = { @Sendable (width: Int, height: Int, stride: Int) in
            Liar { call in
                guard call is FinishImageCall else { return () }
                return try FinishImageCall.answer(written(width, height, stride))
            }
        }
        #expect(try finish(placing(8, 16, 24)).rgb.count == 8 * 16 * 3)
        for (width, height, stride) in [(16, 8, 24), (8, 17, 24), (8, 16, 48), (0, 16, 24)] {
            let failure = failure { _ = try finish(placing(width, height, stride)) }
            guard case .broken("finish", _) = failure else {
                Issue.record("\(width)x\(height): \(String(describing: failure))")
                continue
            }
        }
    }

    @Test func anImageThatWasNeverBegunIsRefused() {
        let failure = failure {
            let place = try FinishImageCall.answer(written(1, 1, 3))
            _ = try Liar { _ in place }.finishImage(JobID(rawValue: 9), deadline: nil)
        }
        guard case .refused(.argument, _, _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }
}
