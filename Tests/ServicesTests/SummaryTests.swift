import Engine
import Services
import Synchronization
import Testing

@Suite struct SummaryTests {
    private typealias Events = AsyncThrowingStream<GenerationEvent, any Error>

    /// The parts that a model was given, and what became of them.
    private final class Model: Sendable {
        struct Record {
            var begun: [String] = []
            var released = 0
            var cancelled = 0
            var mostAtATime = 0
            /// So many further parts are refused by a full queue.
            var refusals = 0
        }

        let record = Mutex(Record())

        init(refusals: Int = 0) {
            record.withLock { $0.refusals = refusals }
        }

        /// Writes "S" of each part, in two pieces, and then ends for `reason`.
        func submit(_ text: String, ending reason: FinishReason = .stop) throws
            -> Summary<Events>.Part
        {
            try record.withLock { record in
                if record.refusals > 0, !record.begun.isEmpty {
                    record.refusals -= 1
                    throw EngineError.overloaded(queued: 1, retryAfter: .milliseconds(1))
                }
                record.begun.append(text)
                record.mostAtATime = max(record.mostAtATime, record.begun.count - record.released)
            }
            var usage = Usage()
            (usage.promptTokens, usage.completionTokens) = (text.utf8.count, 2)
            let stream = Events { continuation in
                continuation.yield(.text("S", tokens: []))
                continuation.yield(.text("(\(text))", tokens: []))
                continuation.yield(.finished(reason, usage))
                continuation.finish()
            }
            return Summary<Events>.Part(stream) {
                self.record.withLock { $0.cancelled += 1 }
            } release: {
                self.record.withLock { $0.released += 1 }
            }
        }
    }

    @Test func partsComeInTheirOrderWithAGapBetween() async throws {
        let model = Model()
        let summary = try await Summary(of: ["a", "b", "c"], together: 2) { try model.submit($0) }
        var pieces: [String] = []
        let whole = try await summary.run { pieces.append($0) }
        #expect(whole.text == "S(a)\n\nS(b)\n\nS(c)" && !whole.isCut)
        #expect(pieces == ["S", "(a)", "\n\nS", "(b)", "\n\nS", "(c)"])
        #expect(whole.usages.map(\.promptTokens) == [1, 1, 1] && summary.parts == 3)
    }

    @Test func noMorePartsAreReadTogetherThanAllowed() async throws {
        let model = Model()
        let texts = (0..<9).map(String.init)
        let summary = try await Summary(of: texts, together: 3) { try model.submit($0) }
        _ = try await summary.run { _ in }
        model.record.withLock { record in
            #expect(record.begun == texts && record.mostAtATime == 3 && record.released == 9)
        }
    }

    @Test func oneIsReadEvenWhereNoPlaceIsLeft() async throws {
        let model = Model()
        let summary = try await Summary(of: ["a"], together: 0) { try model.submit($0) }
        #expect(try await summary.run { _ in }.text == "S(a)")
    }

    @Test func aFullQueueIsWaitedForBetweenTheParts() async throws {
        let model = Model(refusals: 3)
        let summary = try await Summary(of: ["a", "b"], together: 1) { try model.submit($0) }
        #expect(try await summary.run { _ in }.text == "S(a)\n\nS(b)")
    }

    @Test func aFullQueueRefusesTheFirstPart() async throws {
        await #expect(throws: EngineError.self) {
            _ = try await Summary<Events>(of: ["a", "b"], together: 2) { _ in
                throw EngineError.overloaded(queued: 1, retryAfter: .milliseconds(1))
            }
        }
    }

    @Test func aPartThatReachedItsLongestMakesTheSummaryCut() async throws {
        let model = Model()
        let summary = try await Summary(of: ["a", "b"], together: 1) {
            try model.submit($0, ending: $0 == "a" ? .length : .stop)
        }
        #expect(try await summary.run { _ in }.isCut)
    }

    @Test func whoCancelsEndsTheWaitForAFullQueueToo() async throws {
        let model = Model(refusals: .max)
        let summary = try await Summary(of: ["a", "b"], together: 1) { try model.submit($0) }
        await #expect(throws: CancellationError.self) {
            _ = try await summary.run { _ in summary.cancel() }
        }
        model.record.withLock { #expect($0.cancelled > 0 && $0.begun == ["a"]) }
    }
}
