import Engine
import PluginHost
import Testing

/// Text as clients get it, from tokens that the fake model is made to produce.
@Suite struct OutputTextTests {
    /// Runs an engine over the byte vocabulary that writes `bytes` and then ends.
    private func output(
        _ bytes: [UInt8], _ change: (inout GenerationRequest) -> Void = { _ in }
    ) async throws -> Output {
        let script = bytes.map { Int32($0) } + [257]
        let world = FakeWorld(
            vocabulary: .bytes,
            forced: { tokens in
                let place = tokens.count - 1
                return place < script.count ? script[place] : 257
            })
        var request = GenerationRequest(prompt: [256])
        request.sampling = .greedy
        change(&request)
        return try await world.engine().submit(request).output()
    }

    @Test func anEndTokenEndsTheTextAndIsNotShown() async throws {
        let output = try await output(Array("Hello".utf8))
        #expect(output.text == "Hello")
        #expect(output.reason == .stop)
        #expect(output.usage.completionTokens == 6)
    }

    @Test func charactersAreNeverCut() async throws {
        let text = "aé€😀é€😀"
        let output = try await output(Array(text.utf8))
        #expect(output.text == text)
        // One character an event, however many tokens it took; nothing was replaced on the way.
        #expect(output.pieces.allSatisfy { !$0.unicodeScalars.contains("\u{FFFD}") })
    }

    @Test(
        arguments: [
            [0xFF], [0x61, 0x80, 0x62], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC3, 0x28],
            [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC0, 0xAF],
            [0xF0, 0x9F, 0x98, 0xF0, 0x9F, 0x98, 0x80], [0xE2, 0x82, 0xE2, 0x82, 0xAC, 0xE2],
        ] as [[UInt8]])
    func invalidBytesBecomeWhatDecodingAllAtOnceGives(bytes: [UInt8]) async throws {
        #expect(try await output(bytes).text == String(decoding: bytes, as: UTF8.self))
    }

    @Test func randomBytesBecomeWhatDecodingAllAtOnceGives() async throws {
        var random = TestRandom(state: 1)
        // Mostly lead and continuation bytes, so that many sequences begin and few are well formed.
        let bytes = (0..<400).map { _ in UInt8.random(in: 0x70...0xFF, using: &random) }
        #expect(try await output(bytes).text == String(decoding: bytes, as: UTF8.self))
    }

    @Test func aStopStringMayBePartOfTheText() async throws {
        let output = try await output(Array("one two END three".utf8)) {
            $0.stop = ["END"]
            $0.includesStop = true
        }
        #expect(output.text == "one two END")
        #expect(output.reason == .stopString("END"))
    }

    @Test func aStopTokenEndsTheText() async throws {
        for (includes, text) in [(false, "on"), (true, "one")] {
            let output = try await output(Array("one two".utf8)) {
                $0.stopTokens = [Int32(UInt8(ascii: "e"))]
                $0.includesStop = includes
                $0.ignoreEOS = true
            }
            #expect(output.text == text && output.reason == .stop)
            #expect(output.usage.completionTokens == 3)
        }
        let later = try await output(Array("one two".utf8)) {
            $0.stopTokens = [Int32(UInt8(ascii: "e"))]
            $0.minTokens = 5
            $0.maxTokens = 6
        }
        #expect(!later.text.prefix(4).contains("e"))
    }

    @Test func controlTokensAreShownWhereThatIsAskedFor() async throws {
        let vocabulary = Vocabulary(
            bytes: Array("ab<x></s>".utf8), offsets: [0, 1, 2, 5, 9],
            attributes: [[], [], .control, [.control, .end]], eos: 3)
        let script: [Int32] = [0, 2, 1, 3]
        for (shows, text) in [(false, "ab"), (true, "a<x>b")] {
            let world = FakeWorld(
                vocabulary: vocabulary, forced: { script[min($0.count - 1, 3)] })
            var request = GenerationRequest(prompt: [1])
            request.sampling = .greedy
            request.showsControlTokens = shows
            #expect(try await world.engine().submit(request).output().text == text)
        }
    }

    @Test func placesInTheTextCountWholeScalars() async throws {
        let output = try await output(Array("😀 é".utf8)) {
            $0.logprobs = 0
            $0.echo = true
        }
        // The prompt is a control token, which has a place and no text.
        #expect(output.text == "😀 é")
        #expect(output.tokens.map(\.offset) == [0, 0, 0, 0, 0, 1, 2, 2])
    }

    @Test func anEchoedTextBeginsWithoutTheSpaceOfItsFirstWord() async throws {
        let vocabulary = Vocabulary(
            bytes: Array(" a b<s>".utf8), offsets: [0, 2, 4, 7], attributes: [[], [], .control],
            bos: 2, spacePrefix: true)
        let world = FakeWorld(vocabulary: vocabulary, forced: { _ in 1 })
        var request = GenerationRequest(prompt: [2, 0, 1])
        request.sampling = .greedy
        request.echo = true
        request.logprobs = 1
        request.maxTokens = 1
        let output = try await world.engine().submit(request).output()
        #expect(output.text == "a b b")
        #expect(output.tokens.map(\.text) == ["<s>", "a", " b", " b"])
        #expect(output.tokens.map(\.offset) == [0, 0, 1, 3])
    }

    @Test func aStopStringAcrossTokensEndsTheTextBeforeIt() async throws {
        let output = try await output(Array("one two END three".utf8)) { $0.stop = ["END"] }
        #expect(output.text == "one two ")
        #expect(output.reason == .stopString("END"))
        #expect(output.usage.completionTokens == 11)
    }

    @Test func whatOnlyLookedLikeAStopStringIsShown() async throws {
        let text = "aab aaab ENE ENEND"
        let output = try await output(Array(text.utf8)) { $0.stop = ["END", "aaaa"] }
        #expect(output.text == "aab aaab ENE EN")
    }

    @Test func theStopStringThatIsCompleteFirstCounts() async throws {
        let output = try await output(Array("xabcdy".utf8)) { $0.stop = ["abcd", "bc"] }
        #expect(output.text == "xa")
        #expect(output.reason == .stopString("bc"))
    }

    @Test func heldBackTextIsShownAtTheEnd() async throws {
        let output = try await output(Array("wait EN".utf8)) { $0.stop = ["END"] }
        #expect(output.text == "wait EN")
        #expect(output.reason == .stop)
    }

    @Test func aStopStringThatTheLastHalfCharacterCompletesIsNamed() async throws {
        let output = try await output([0x61, 0xC3]) {
            $0.stop = ["\u{FFFD}"]
            $0.maxTokens = 2
        }
        #expect(output.text == "a")
        #expect(output.reason == .stopString("\u{FFFD}"))
    }

    @Test func aStopStringMayHoldCharactersOfSeveralBytes() async throws {
        let output = try await output(Array("schön 😀 x".utf8)) { $0.stop = ["😀"] }
        #expect(output.text == "schön ")
        #expect(output.reason == .stopString("😀"))
    }

    @Test func maxTokensCountsTokens() async throws {
        let output = try await output(Array("a😀b".utf8)) { $0.maxTokens = 3 }
        #expect(output.text == "a\u{FFFD}")
        #expect(output.reason == .length)
        #expect(output.usage.completionTokens == 3)
    }

    @Test func logProbabilitiesComeWithTheirTextAndNotForTheStopString() async throws {
        let output = try await output(Array("hi END".utf8)) {
            $0.stop = ["END"]
            $0.logprobs = 2
        }
        #expect(output.tokens.map(\.text) == ["h", "i", " "])
        for token in output.tokens {
            #expect(token.top.count == 2)
            #expect(token.top[0].id == token.id)
            #expect(token.top[0].logprob == token.logprob)
            // The forced logit is 100, the others at most 4.
            #expect((token.logprob ?? -1) > -1e-6)
        }
    }

    @Test func ignoringTheEndGoesOnWithoutEndTokens() async throws {
        let output = try await output(Array("ab".utf8)) {
            $0.ignoreEOS = true
            $0.maxTokens = 10
        }
        #expect(output.usage.completionTokens == 10)
        #expect(output.reason == .length)
        #expect(output.text.hasPrefix("ab"))
    }

    @Test func anEchoedPromptComesFirstAndStopsNothing() async throws {
        let world = FakeWorld(vocabulary: .bytes, forced: { _ in 257 })
        var request = GenerationRequest(prompt: [256] + "END?".utf8.map { Int32($0) })
        request.echo = true
        request.stop = ["END"]
        let output = try await world.engine().submit(request).output()
        #expect(output.text == "END?")
        #expect(output.reason == .stop)
    }

    @Test func anEchoedPromptIsScoredToken_byToken() async throws {
        let world = FakeWorld(vocabulary: .bytes, batchSize: 4)
        let prompt = [256] + "scored".utf8.map { Int32($0) }
        var request = GenerationRequest(prompt: prompt)
        request.echo = true
        request.logprobs = 1
        request.maxTokens = 0
        let output = try await world.engine().submit(request).output()
        #expect(output.ids == prompt)
        #expect(output.tokens[0].logprob == nil)
        for place in 1..<prompt.count {
            let row = world.logits(after: Array(prompt[..<place]))
            let found = try #require(output.tokens[place].logprob)
            #expect(abs(found - logSoftmax(row, prompt[place])) < 1e-5)
        }
        #expect(output.usage.completionTokens == 0)
    }

    @Test func detokenizingHidesControlTokensAndTheSpacePrefix() throws {
        let pieces = [" Hello", " world", "<s>"].map { Array($0.utf8) }
        let vocabulary = Vocabulary(pieces: pieces, attributes: [2: .control], spacePrefix: true)
        let engine = try FakeWorld(vocabulary: vocabulary).engine()
        #expect(try engine.tokenizer.detokenize([2, 0, 1]) == "Hello world")
        #expect(throws: EngineError.unknownToken(3, vocabulary: 3)) {
            try engine.tokenizer.detokenize([3])
        }
    }
}
