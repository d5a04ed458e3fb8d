import Engine
import PluginHost
import Testing

@Suite struct TextBatchingTests {
    @Test func answersComeInTheOrderOfTheInputs() async throws {
        let world = VectorWorld()
        let engine = try world.engine { $0.tokenBudget = 64 }
        var random = TestRandom(state: 1)
        let texts = (0..<300).map { _ in random.text(40) }
        let found = try await engine.embed(texts)
        #expect(found.vectors == texts.map { world.vector(of: $0) })
        #expect(found.readings.map(\.tokens) == texts.map { $0.utf8.count + 2 })
        #expect(found.tokens == found.readings.map(\.tokens).reduce(0, +))
    }

    @Test func stepsKeepToTheBudgetAndFillIt() async throws {
        let world = VectorWorld()
        let engine = try world.engine {
            $0.tokenBudget = 200
            $0.cacheBytes = 0
        }
        var random = TestRandom(state: 2)
        let texts = Array(Set((0..<500).map { _ in random.text(60) }))
        let tokens = try await engine.embed(texts).tokens
        for step in world.steps { #expect(step.tokens <= 200) }
        // What does not fit leaves less than the longest text's room.
        #expect(world.steps.count <= tokens / (200 - 62) + 1)
        #expect(engine.statistics.steps == world.steps.count)
        #expect(engine.statistics.tokens == tokens)
        #expect(engine.statistics.texts == texts.count)
    }

    /// For plugins that pad: rows of a step are of like length, whatever the order they came in.
    @Test func neighboursAreOfLikeLength() async throws {
        let world = VectorWorld()
        let engine = try world.engine { $0.tokenBudget = 256 }
        var random = TestRandom(state: 3)
        let texts = (0..<600).map { _ in random.text(80) }
        _ = try await engine.embed(texts)
        let padding = world.steps.reduce(0) { $0 + $1.padding }
        let tokens = world.steps.reduce(0) { $0 + $1.tokens }
        #expect(padding * 20 < tokens, "\(padding) tokens of padding for \(tokens)")
    }

    @Test func aTextBeyondTheBudgetIsAStepOfItsOwn() async throws {
        let world = VectorWorld()
        let engine = try world.engine { $0.tokenBudget = 16 }
        let long = String(repeating: "x", count: 100)
        let found = try await engine.embed([long, "a", "b"])
        #expect(found.vectors[0] == world.vector(of: long))
        #expect(world.steps.map(\.texts) == [["a", "b"], [long]])
    }

    @Test func equalTextsAreComputedOnce() async throws {
        let world = VectorWorld()
        let engine = try world.engine { $0.cacheBytes = 0 }
        let texts = ["a", "b", "a", "a", "b"]
        let found = try await engine.embed(texts)
        #expect(found.vectors == texts.map { world.vector(of: $0) })
        #expect(world.steps.map(\.texts) == [["a", "b"]])
        // Equal to Swift, but other bytes and so other tokens.
        let accents = try await engine.embed(["\u{E9}", "e\u{301}"])
        #expect(accents.vectors[0] != accents.vectors[1])
    }

    @Test func shortRequestsOfManyCallersShareAStep() async throws {
        let (world, gate) = gated(at: 0)
        let engine = try world.engine()
        let first = await engine.begin(["first"])
        await gate.reached()
        var others: [Task<EmbeddingResult, any Error>] = []
        for index in 0..<20 { others.append(await engine.begin(["text \(index)"])) }
        gate.pass()
        for (index, task) in others.enumerated() {
            #expect(try await task.value.vectors == [world.vector(of: "text \(index)")])
        }
        _ = try await first.value
        #expect(world.steps.map(\.texts.count) == [1, 20])
    }

    @Test func differentWorkDoesNotShareAStep() async throws {
        let (world, gate) = gated(at: 0)
        let engine = try world.engine()
        let first = await engine.begin(["first"])
        await gate.reached()
        async let query = engine.embed([.text("q")], purpose: .query)
        async let passage = engine.embed([.text("q")], purpose: .passage, normalized: false)
        async let labels = engine.classify(["q"])
        async let scores = engine.scores(query: "q", documents: ["d", "ee"])
        async let others = engine.scores(query: "r", documents: ["d"])
        await eventually { engine.statistics.accepted == 6 }
        gate.pass()
        #expect(try await query.vectors == [world.vector(of: "q", .query)])
        #expect(try await passage.vectors == [world.vector(of: "q", [.passage, .noNormalize])])
        #expect(try await labels.logits == [[1, -1]])
        #expect(try await scores.scores == [world.score("q", "d"), world.score("q", "ee")])
        #expect(try await others.scores == [world.score("r", "d")])
        _ = try await first.value
        #expect(world.steps.count == 6)
    }

    @Test func tokensOfPairsAndLabelsAreCounted() async throws {
        let engine = try VectorWorld(maxTokens: 12).engine()
        // [CLS] query [SEP] document [SEP]
        let scores = try await engine.scores(query: "abc", documents: ["de", "", "0123456789"])
        #expect(scores.tokens == 8 + 6 + 12)
        #expect(try await engine.classify(["ab", ""]).tokens == 4 + 2)
        let estimated = try await VectorWorld(tokenizes: false).engine().classify(["abcdefgh"])
        #expect(estimated.tokens == 4)
    }

    @Test func whatIsCutIsTold() async throws {
        let engine = try VectorWorld(maxTokens: 12, counts: true).engine()
        let scores = try await engine.scores(query: "abc", documents: ["de", "0123456789"])
        #expect(scores.readings.map(\.tokens) == [8, 12])
        #expect(scores.readings.map(\.isCut) == [false, true])
        let labels = try await engine.classify(["ab", "0123456789012"])
        #expect(labels.readings.map(\.isCut) == [false, true])
        let pairs = try await engine.classify(["a", "01234567"], pairs: ["bc", "89"])
        #expect(pairs.readings == [.init(tokens: 6, isCut: false), .init(tokens: 12, isCut: true)])
        let counts = try await engine.countTokens(of: ["a"], with: .pairs(["bc"]))
        #expect(counts == [TokenCount(whole: 6, read: 6)])
        let silent = try await VectorWorld(maxTokens: 12).engine().scores(
            query: "abc", documents: ["de", "0123456789"])
        #expect(silent.readings.map(\.isCut) == [false, nil])
    }

    @Test func equalTextsWithOtherPairsAreOtherPairs() async throws {
        let world = VectorWorld()
        let found = try await world.engine().classify(
            ["a", "a", "a", "bb"], pairs: ["x", "yy", "x", "x"])
        #expect(found.logits == [[1, 1], [1, 2], [1, 1], [2, 1]])
        #expect(world.steps.flatMap(\.texts).count == 3)
        let alone = try await world.engine().classify(["a"])
        #expect(alone.logits == [[1, -1]])
    }

    @Test func aModelWithoutTokensIsGivenTexts() async throws {
        let world = VectorWorld(tokenizes: false)
        let engine = try world.engine { $0.tokenBudget = 20 }
        let texts = (0..<40).map { "text \($0)" }
        #expect(try await engine.embed(texts).vectors == texts.map { world.vector(of: $0) })
        #expect(world.tokenized == 0)
        #expect(world.steps.allSatisfy { !$0.byTokens })
        await #expect(throws: EngineError.unsupported("input of token ids")) {
            try await engine.embed([.tokens([1])], purpose: .symmetric)
        }
    }

    @Test func tokensAreEmbeddedAsTheyAre() async throws {
        let world = VectorWorld(maxTokens: 10)
        let engine = try world.engine()
        let inputs: [EmbeddingInput] = [.tokens(VectorWorld.tokens("abc")), .text("de")]
        let found = try await engine.embed(inputs, purpose: .symmetric)
        #expect(found.vectors == [world.vector(of: "abc"), world.vector(of: "de")])
        #expect(found.readings.map(\.tokens) == [5, 4])
        #expect(world.tokenized == 1)
        let wrong: [([Int32], String)] = [
            ([], "has no tokens"), ([1, -4], "has token -4, which the model does not know"),
            (Array(repeating: 1, count: 11), "has 11 tokens, expected up to 10"),
        ]
        for (ids, reason) in wrong {
            await #expect(throws: EngineError.invalidParameter(name: "input", reason: reason)) {
                try await engine.embed([.tokens(ids)], purpose: .symmetric)
            }
            await #expect(throws: EngineError.invalidParameter(name: "input[1]", reason: reason)) {
                try await engine.embed([.text("a"), .tokens(ids)], purpose: .symmetric)
            }
        }
    }

    @Test func noTextsNeedNoModel() async throws {
        let world = VectorWorld()
        let engine = try world.engine()
        #expect(try await engine.embed([]).vectors.isEmpty)
        #expect(try await engine.scores(query: "a", documents: []).scores.isEmpty)
        #expect(try await engine.classify([]).logits.isEmpty)
        #expect(world.steps.isEmpty)
        #expect(engine.statistics.finished == 3)
    }

    @Test(arguments: [1, 3, 5]) func aCutVectorIsAsLongAsOne(width: Int) async throws {
        let world = VectorWorld()
        let engine = try world.engine()
        let full = world.vector(of: "abc")
        let cut = try await engine.embed(
            [.text("abc")], purpose: .symmetric, dimensions: width
        ).vectors[0]
        #expect(cut.count == width)
        #expect(abs(cut.reduce(0) { $0 + $1 * $1 } - 1) < 1e-6)
        for (short, long) in zip(cut, full) { #expect(abs(short / cut[0] - long / full[0]) < 1e-5) }
        let raw = try await engine.embed(
            [.text("abc")], purpose: .symmetric, dimensions: width, normalized: false)
        #expect(raw.vectors[0] == Array(world.vector(of: "abc", .noNormalize)[..<width]))
    }

    @Test func aModelThatIsNotMadeForItIsNotCut() async throws {
        let engine = try VectorWorld(matryoshka: false).engine()
        _ = try await engine.embed([.text("a")], purpose: .symmetric, dimensions: 6)
        await #expect(throws: EngineError.self) {
            try await engine.embed([.text("a")], purpose: .symmetric, dimensions: 3)
        }
        let matryoshka = try VectorWorld().engine()
        for width in [0, 7, -1] {
            await #expect(throws: EngineError.self) {
                try await matryoshka.embed([.text("a")], purpose: .symmetric, dimensions: width)
            }
        }
    }
}

extension VectorWorld.Step {
    fileprivate var lengths: [Int] { texts.map { $0.utf8.count + 2 } }
    fileprivate var tokens: Int { lengths.reduce(0, +) }
    /// What a plugin would add that pads to the longest.
    fileprivate var padding: Int { (lengths.max() ?? 0) * lengths.count - tokens }
}
