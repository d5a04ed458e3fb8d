import Engine
import PluginHost
import Testing

/// Tokens that are reported as such, and stretches of an output that are ended.
@Suite struct MarksAndLimitsTests {
    /// The bytes, `<s>` and `</s>`, and two control tokens.
    private static let vocabulary = Vocabulary(
        pieces: (0..<256).map { [UInt8($0)] }
            + ["<s>", "</s>", "<t>", "</t>"].map { Array($0.utf8) },
        attributes: [256: .control, 257: [.control, .end], 258: .control, 259: .control], bos: 256,
        eos: 257)

    /// Runs an engine whose model writes `script`, whatever is in between, and then ends.
    private func output(
        _ script: [Int32], _ change: (inout GenerationRequest) -> Void
    ) async throws -> Output {
        let world = FakeWorld(
            vocabulary: Self.vocabulary,
            forced: { tokens in
                let place = tokens.count - 1
                return place < script.count ? script[place] : 257
            })
        var request = GenerationRequest(prompt: [256])
        request.sampling = .greedy
        change(&request)
        return try await world.engine().submit(request).output()
    }

    private static func bytes(_ text: String) -> [Int32] { text.utf8.map { Int32($0) } }

    @Test func aMarkIsReportedBetweenTheTextsAroundIt() async throws {
        let script = Self.bytes("a") + [258] + Self.bytes("é") + [259] + Self.bytes("b")
        let output = try await output(script) { $0.marks = [258, 259] }
        #expect(output.text == "aéb")
        #expect(output.marks.map(\.token) == [258, 259])
        #expect(output.marks.map(\.offset) == [1, 3])
    }

    @Test func aStopStringDoesNotGoOnAcrossAMark() async throws {
        let script = Self.bytes("EN") + [258] + Self.bytes("D.")
        let output = try await output(script) {
            $0.marks = [258]
            $0.stop = ["END"]
        }
        #expect(output.text == "END.")
        #expect(output.marks.map(\.offset) == [2])
        #expect(output.reason == .stop)
    }

    @Test func everyTokenIsScoredOnceWithMarksToo() async throws {
        let script = Self.bytes("ab") + [258] + Self.bytes("c")
        let output = try await output(script) {
            $0.marks = [258]
            $0.logprobs = 0
        }
        #expect(output.ids == script)
    }

    @Test func aStretchThatIsTooLongIsEnded() async throws {
        let script = [258] + Self.bytes("abcdefgh") + [259] + Self.bytes("x")
        let output = try await output(script) {
            $0.marks = [258, 259]
            $0.stretch = StretchLimit(limit: 3, start: [258], end: [259])
        }
        #expect(output.text.hasPrefix("abc"))
        #expect(output.marks.map(\.token).prefix(2) == [258, 259])
        #expect(output.marks.map(\.offset).prefix(2) == [0, 3])
    }

    @Test func anEndThatHasBegunIsCompleted() async throws {
        let output = try await output(Self.bytes("ab</zzzzz")) {
            $0.stretch = StretchLimit(limit: 4, start: [], end: Self.bytes("</t>"))
        }
        #expect(output.text == "ab</t>zzz")
    }

    @Test func aStretchThatEndsInTimeIsLeftAlone() async throws {
        let output = try await output(Self.bytes("ab</t>cdefgh")) {
            $0.stretch = StretchLimit(limit: 6, start: [], end: Self.bytes("</t>"))
        }
        #expect(output.text == "ab</t>cdefgh")
    }

    @Test func theLimitHoldsForAllStretchesTogether() async throws {
        let script = [258] + Self.bytes("ab") + [259] + Self.bytes("x") + [258] + Self.bytes("cdef")
        let output = try await output(script) {
            $0.marks = [258, 259]
            $0.stretch = StretchLimit(limit: 4, start: [258], end: [259])
        }
        #expect(output.marks.map(\.token) == [258, 259, 258, 259])
        #expect(output.marks.map(\.offset) == [0, 2, 3, 4])
    }

    @Test func aReaderThatHasEnoughEndsTheOutputAsIfItHadEnded() async throws {
        let world = FakeWorld(vocabulary: Self.vocabulary, forced: { _ in 97 })
        var request = GenerationRequest(prompt: [256])
        request.sampling = .greedy
        let stream = try world.engine().submit(request)
        var output = Output()
        for try await event in stream {
            output.append(event)
            stream.conclude()
        }
        #expect(output.reason == .stop)
    }
}
