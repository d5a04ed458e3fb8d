import Engine
import Grammar
import JSON
import PluginHost
import Testing

@Suite struct ConstraintTests {
    private static let schema: JSONValue = [
        "type": "object",
        "properties": [
            "name": ["type": "string", "maxLength": 12], "age": ["type": "integer"],
            "tags": ["type": "array", "items": ["enum": ["a", "b"]], "maxItems": 3],
        ],
        "required": ["name", "age", "tags"],
    ]

    private func request(
        _ expression: GrammarExpression, _ engine: TextEngine, maxTokens: Int = 480,
        seed: UInt64? = nil
    ) throws -> GenerationRequest {
        var request = GenerationRequest(prompt: [1, 2, 3])
        request.maxTokens = maxTokens
        request.constraint = try engine.constraints.compiled(expression)
        request.sampling.temperature = seed == nil ? 0 : 2
        request.sampling.seed = seed ?? 0
        return request
    }

    private func output(
        _ world: FakeWorld, _ expression: GrammarExpression, maxTokens: Int = 480,
        seed: UInt64? = nil, _ change: (inout GenerationRequest) -> Void = { _ in }
    ) async throws -> Output {
        let engine = try world.engine()
        var request = try request(expression, engine, maxTokens: maxTokens, seed: seed)
        change(&request)
        return try await engine.submit(request).output()
    }

    @Test(arguments: 0..<12) func anyOutputIsValid(seed: Int) async throws {
        let output = try await output(
            FakeWorld(vocabulary: .bytes), .schema(Self.schema), seed: UInt64(seed))
        #expect(output.reason == .stop)
        let json = try JSONValue(parsing: output.text)
        #expect(json["age"]?.integer != nil && json["name"]?.string != nil, "\(output.text)")
        #expect(output.text == output.pieces.joined())
    }

    @Test func logitsThatAreNoNumbersMatterOnlyWhereTheyMayBeChosen() async throws {
        let world = FakeWorld(
            vocabulary: .bytes,
            edit: { _, row in
                for token in row.indices where !(48..<58).contains(token) { row[token] = .nan }
            })
        let output = try await output(world, .regex("[0-9]{6}"), seed: 4)
        #expect(output.text.utf8.count == 6 && output.text.allSatisfy(\.isNumber))
        #expect(output.reason == .stop)
    }

    @Test(arguments: [2, 5, 9]) func aCrashLeavesNoTrace(step: Int) async throws {
        let undisturbed = try await output(
            FakeWorld(vocabulary: .bytes), .schema(Self.schema), seed: 8)
        let world = FakeWorld(
            vocabulary: .bytes, script: { call, _ in call == step ? .segfault : nil })
        let disturbed = try await output(world, .schema(Self.schema), seed: 8)
        #expect(disturbed.isSame(as: undisturbed))
    }

    @Test func requestsWithTheSameGrammarDoNotDisturbEachOther() async throws {
        let world = FakeWorld(vocabulary: .bytes)
        let engine = try world.engine()
        let requests = try (0..<6).map {
            try request(.schema(Self.schema), engine, seed: UInt64($0))
        }
        let streams = try requests.map { try engine.submit($0) }
        for (seed, stream) in streams.enumerated() {
            let together = try await stream.output()
            let alone = try await output(
                FakeWorld(vocabulary: .bytes), .schema(Self.schema), seed: UInt64(seed))
            #expect(together.text == alone.text)
        }
    }

    @Test func whatLeavesNoChoiceTakesFewSteps() async throws {
        let world = FakeWorld(vocabulary: .bytes)
        let fixed = String(repeating: "a fixed text, ", count: 4)
        let output = try await output(
            world, .sequence([.regex("[xy]"), .literal(fixed), .regex("[0-9]")]))
        #expect(output.text.dropFirst().dropLast() == fixed)
        #expect(output.usage.completionTokens == fixed.utf8.count + 2)
        #expect(world.batches.count < 8)
    }

    @Test func whatIsForcedStopsAtTheLimit() async throws {
        let output = try await output(
            FakeWorld(vocabulary: .bytes), .literal("a fixed text"), maxTokens: 5)
        #expect(output.text == "a fix")
        #expect(output.reason == .length)
        #expect(output.usage.completionTokens == 5)
    }

    @Test func logProbabilitiesComeForEveryToken() async throws {
        let output = try await output(FakeWorld(vocabulary: .bytes), .literal("fixed")) {
            $0.logprobs = 2
        }
        #expect(output.text == "fixed")
        #expect(output.tokens.count == 5)
        #expect(output.tokens.allSatisfy { $0.logprob != nil && $0.top.count == 2 })
    }

    @Test func aStopStringCountsOnlyWhereTheTextIsComplete() async throws {
        let world = FakeWorld(vocabulary: .bytes)
        let inside = try await output(world, .literal("[1]\n")) { $0.stop = ["1"] }
        #expect(inside.text == "[1]\n")
        let after = try await output(
            world, .sequence([.literal("[1]"), .repeated(.literal("x1"), 0...9)])
        ) {
            $0.stop = ["x"]
            $0.sampling.logitBias = [257: -100]
        }
        #expect(after.text == "[1]")
        #expect(after.reason == .stopString("x"))
    }

    @Test func aCompleteTextEndsWhateverElseIsAsked() async throws {
        let output = try await output(FakeWorld(vocabulary: .bytes), .literal("ab")) {
            $0.minTokens = 20
            $0.ignoreEOS = true
        }
        #expect(output.text == "ab")
        #expect(output.reason == .stop)
    }

    @Test func penaltiesAndBiasesNeverBreakTheGrammar() async throws {
        let output = try await output(
            FakeWorld(vocabulary: .bytes), .regex("a{20}"), seed: 3
        ) {
            $0.sampling.repetitionPenalty = 5
            $0.sampling.frequencyPenalty = 2
            $0.sampling.logitBias = [98: 100]
        }
        #expect(output.text == String(repeating: "a", count: 20))
    }

    @Test func aGrammarThatTheVocabularyCannotWriteIsRefusedWithWhatIsMissing() throws {
        let engine = try FakeWorld(vocabulary: .letters).engine()
        let error = #expect(throws: GrammarError.self) {
            try engine.constraints.compiled(.literal("{}"))
        }
        #expect(error.map { "\($0)".contains("'{'") } == true)
        #expect(throws: Never.self) { try engine.constraints.compiled(.regex("[a-z{]")) }
    }
}
