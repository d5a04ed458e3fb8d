import JSON
import PluginHost
import Testing

/// What a model of vectors answers, and what it cannot make the host believe, in-process and in a worker.
@Suite struct VectorModelTests {
    @Test(arguments: Isolation.allCases)
    func theDescriptionSaysWhatTheModelCanDo(_ isolation: Isolation) throws {
        let model = try openVectors(isolation)
        defer { model.close() }
        let found = try #require(model.description.vectors)
        #expect(
            found
                == VectorCapabilities(
                    dimensions: 8, labels: ["empty", "short", "long"], maxTokens: 64,
                    scoresPairs: true, embedsTokens: true, classifiesPairs: true,
                    countsTokens: true))
        #expect(found.embeddingRows == 1024)
        let task = try #require(model.description.tasks.first)
        #expect(task.name == "count" && task.inputSchema["required"] == ["n"])
        #expect(task.eventSchema["required"] == ["i"])
        #expect(model.description.decode == nil && model.vocabulary == nil)
    }

    @Test(arguments: Isolation.allCases)
    func tokensEmbedAsTheirTextDoes(_ isolation: Isolation) throws {
        let model = try openVectors(isolation)
        defer { model.close() }
        let texts = ["", "a", "é\u{0}b", String(repeating: "x", count: 500)]
        for flags in [[], .query, .noNormalize] as [EmbedFlags] {
            let ids = try model.embeddingTokens(of: texts, flags: flags)
            #expect(ids == texts.map { vectorTokens($0, query: flags == .query) })
            let byText = try model.vectors(of: texts, flags: flags)
            let byToken = try model.embed(.tokens(ids), flags: flags, deadline: nil).arrays
            #expect(byText == byToken)
            #expect(Set(byText).count == 4)
        }
        let length = try model.vectors(of: ["a"])[0].reduce(0) { $0 + $1 * $1 }
        #expect(abs(length - 1) < 1e-5)
    }

    @Test(arguments: Isolation.allCases)
    func scoresAndLabelsComeInOrder(_ isolation: Isolation) throws {
        let model = try openVectors(isolation)
        defer { model.close() }
        let scores = try model.scores(
            query: "abc", documents: ["", "ab", "abcdef"], deadline: patience)
        #expect(scores == [-3, -1, -3])
        let labels = try model.classify(["", "ab", "abcdefghi"], deadline: nil).arrays
        #expect(labels == [[5, -5, -5], [-5, 5, -5], [-5, -5, 5]])
        let pairs = try model.classify(["", "ab"], pairs: ["x", ""], deadline: nil).arrays
        #expect(pairs == [[0, 1, 0], [2, 0, 0]])
    }

    @Test(arguments: Isolation.allCases)
    func tokensAreCountedBeforeAndAfterTheCut(_ isolation: Isolation) throws {
        let model = try openVectors(isolation)
        defer { model.close() }
        let long = String(repeating: "x", count: 100)
        let alone = try model.countTokens(of: ["", "é", long], with: .none, flags: .query)
        #expect(alone.map(\.whole) == [3, 5, 103] && alone.map(\.read) == [3, 5, 64])
        let beside = try model.countTokens(of: ["a", "bc"], with: .query("def"), flags: [])
        #expect(beside.map(\.whole) == [7, 8])
        let pairs = try model.countTokens(of: ["a", long], with: .pairs(["", "b"]), flags: [])
        #expect(pairs.map(\.whole) == [4, 104] && pairs.map(\.read) == [4, 64])
        let short = failure {
            _ = try model.countTokens(of: ["a", "b"], with: .pairs(["c"]), flags: [])
        }
        guard case .refused(.argument, _, _) = short else {
            Issue.record("\(String(describing: short))")
            return
        }
    }

    @Test(arguments: Isolation.allCases, ["more", "long"])
    func countsThatCannotBeAreFound(_ isolation: Isolation, deed: String) throws {
        let model = try openVectors(isolation, config: settings(at: "count_tokens", do: deed))
        defer { model.close() }
        let failure = failure { _ = try model.countTokens(of: ["a"], with: .none, flags: []) }
        guard case .broken("count_tokens", _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    /// Rows stand in memory that calls share: a small answer after a large one is its own.
    @Test(arguments: Isolation.allCases)
    func aFullCallIsAnsweredAndASmallOneAfterIt(_ isolation: Isolation) throws {
        let model = try openVectors(isolation)
        defer { model.close() }
        let texts = (0..<1024).map { "text \($0)" }
        let all = try model.vectors(of: texts)
        #expect(try model.vectors(of: ["text 1000"]) == [all[1000]])
        #expect(Set(all).count == 1024)
    }

    @Test(arguments: Isolation.allCases)
    func whatTheModelCannotTakeIsRefusedBeforeTheCall(_ isolation: Isolation) throws {
        let model = try openVectors(isolation, config: settings(at: "embed", do: "segv"))
        defer { model.close() }
        let calls: [(EmbeddingBatch, String)] = [
            (.texts([]), "0 texts in a call, expected 1 to 1024"),
            (.texts(Array(repeating: "a", count: 1025)), "1025 texts in a call"),
            (.tokens([[1], []]), "a text of 0 tokens, expected 1 to 64"),
            (.tokens([Array(repeating: 1, count: 65)]), "a text of 65 tokens"),
            (.tokens([[1, -7]]), "token -7, expected 0 or more"),
        ]
        for (batch, says) in calls {
            let failure = failure { _ = try model.embed(batch, flags: [], deadline: nil) }
            guard case .refused(.argument, _, let message) = failure else {
                Issue.record("\(String(describing: failure))")
                continue
            }
            #expect(message.contains(says))
        }
    }

    @Test(arguments: Isolation.allCases)
    func aTextModelHasNoVectors(_ isolation: Isolation) throws {
        let model = try openModel(isolation)
        defer { model.close() }
        #expect(model.description.vectors == nil && model.description.tasks.isEmpty)
        let calls: [() throws -> Void] = [
            { _ = try model.vectors(of: ["a"]) },
            { _ = try model.embeddingTokens(of: "a", flags: []) },
            { _ = try model.classify(["a"], deadline: nil) },
            { _ = try model.scores(query: "a", documents: ["b"], deadline: nil) },
            { _ = try model.beginTask("count", input: [], deadline: nil) },
        ]
        for call in calls {
            guard case .refused(.unsupported, _, _) = failure(of: call) else {
                Issue.record("a text model took a call of vectors")
                return
            }
        }
        #expect(try model.feed([256]) == tally([256]))
    }

    // MARK: - Skew

    /// Behind the end of the table of ABI 1.0 stand addresses that crash when they are called.
    @Test(arguments: Isolation.allCases)
    func aPluginOfTheFirstVersionEmbedsTextsOnly(_ isolation: Isolation) throws {
        let model = try openVectors(isolation, config: settings(at: "extension", do: "older"))
        defer { model.close() }
        let found = try #require(model.description.vectors)
        #expect(!found.embedsTokens && !found.tokenizes && found.dimensions == 8)
        let reference = try openVectors(.inProcess)
        defer { reference.close() }
        #expect(try model.vectors(of: ["a", "b"]) == (try reference.vectors(of: ["a", "b"])))
        #expect(
            failure { _ = try model.embed(.tokens([[1]]), flags: [], deadline: nil) }
                == .refused(code: .unsupported, flags: [], message: "the model embeds texts only"))
        guard
            case .refused(.unsupported, _, _) = failure(of: {
                _ = try model.embeddingTokens(of: "a", flags: [])
            })
        else {
            Issue.record("a function that is not there was called")
            return
        }
    }

    @Test(arguments: Isolation.allCases)
    func aPluginOfALaterVersionIsTakenAsFarAsItIsKnown(_ isolation: Isolation) throws {
        let model = try openVectors(isolation, config: settings(at: "extension", do: "later"))
        defer { model.close() }
        #expect(model.description.vectors?.embedsTokens == true)
        #expect(try model.vectors(of: ["a"]).count == 1)
    }

    // MARK: - Lies

    private static let brokenModels: [(step: String, deed: String, says: String)] = [
        ("extension", "size", "struct_size is 3"),
        ("extension", "no-embed", "embed is null"),
        ("extension", "no-label", "label is null"),
        ("extension", "wide", "dim is 1073741824"),
        ("extension", "labels", "n_labels is 2147483648"),
        ("extension", "no-begin", "begin is null"),
        ("label", "unbounded", "more than 4096 bytes"),
        ("list_json", "unbounded", "more than 1048576 bytes"),
        ("list_json", "garbage", "no array of objects with a \"name\""),
    ]

    @Test(arguments: Isolation.allCases, brokenModels.indices)
    func aModelThatLiesIsNotOpened(_ isolation: Isolation, index: Int) {
        let (step, deed, says) = Self.brokenModels[index]
        let failure = failure {
            try openVectors(isolation, config: settings(at: step, do: deed)).close()
        }
        guard case .broken(_, let reason) = failure else {
            Issue.record("\(step) \(deed): \(String(describing: failure))")
            return
        }
        #expect(reason.contains(says))
    }

    @Test(arguments: Isolation.allCases, ["unbounded", "many", "ragged", "wild"])
    func tokensThatAreNoneAreFound(_ isolation: Isolation, deed: String) throws {
        let model = try openVectors(isolation, config: settings(at: "embed_tokenize", do: deed))
        defer { model.close() }
        let failure = failure { _ = try model.embeddingTokens(of: "abc", flags: []) }
        guard case .broken("embed_tokenize", _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    private static let rowCalls: [(String, @Sendable (any LoadedModel) throws -> Void)] = [
        ("embed", { _ = try $0.vectors(of: ["a"]) }),
        ("embed_tokens", { _ = try $0.embed(.tokens([[1, 2]]), flags: [], deadline: nil) }),
        ("classify", { _ = try $0.classify(["a"], deadline: nil) }),
        ("classify_pairs", { _ = try $0.classify(["a"], pairs: ["b"], deadline: nil) }),
    ]

    @Test(arguments: Isolation.allCases, rowCalls.indices)
    func rowsThatCannotBeAreFound(_ isolation: Isolation, index: Int) throws {
        let (step, call) = Self.rowCalls[index]
        for deed in ["rows", "moved", "positive"] {
            let model = try openVectors(isolation, config: settings(at: step, do: deed))
            defer { model.close() }
            guard case .broken(step, _) = failure(of: { try call(model) }) else {
                Issue.record("\(step) \(deed) was believed")
                continue
            }
        }
    }

    /// What a plugin does not write must not show what somebody else's text left there.
    @Test(arguments: Isolation.allCases)
    func rowsThatAreNotWrittenAreNoNumbers(_ isolation: Isolation) throws {
        for step in ["embed", "embed_tokens", "classify", "classify_pairs", "score_pairs"] {
            let model = try openVectors(isolation, config: settings(at: step, do: "lazy"))
            defer { model.close() }
            if step != "embed" { _ = try model.vectors(of: ["a", "b"]) }
            let rows =
                switch step {
                case "embed": try model.vectors(of: ["a", "b"])
                case "embed_tokens":
                    try model.embed(.tokens([[1], [2]]), flags: [], deadline: nil).arrays
                case "classify": try model.classify(["a", "b"], deadline: nil).arrays
                case "classify_pairs":
                    try model.classify(["a", "b"], pairs: ["", ""], deadline: nil).arrays
                default: [try model.scores(query: "", documents: ["a", "b"], deadline: nil)]
                }
            let written = rows.joined().count { !$0.isNaN }
            #expect(written == 0, "\(step)")
        }
    }

    // MARK: - Ends

    @Test(
        arguments: [
            "embed_tokenize", "embed", "embed_tokens", "score_pairs", "classify",
            "classify_pairs", "count_tokens",
        ],
        ["segv", "abort", "exit0", "exit7", "spam", "hang"])
    func aCallThatEndsItsProcessIsReported(_ step: String, deed: String) async throws {
        let found = try await BlockingThread.run("vectors") {
            let limit = deed == "hang" ? shortPatience : patience
            let model = try openVectors(
                .worker, config: settings(at: step, do: deed), limit: limit)
            defer { model.close() }
            return failure { try Self.call(step, of: model, limit) }
        }
        switch found {
        case .crashed(let death):
            #expect(death.step == step)
            #expect(deed != "hang")
        case .hung(let at, _, _): #expect(at == step && deed == "hang")
        default: Issue.record("\(String(describing: found))")
        }
    }

    private static func call(
        _ step: String, of model: any LoadedModel, _ limit: Duration
    ) throws {
        switch step {
        case "embed_tokenize": _ = try model.embeddingTokens(of: "a", flags: [])
        case "embed": _ = try model.vectors(of: ["a"], deadline: limit)
        case "embed_tokens": _ = try model.embed(.tokens([[1]]), flags: [], deadline: limit)
        case "classify": _ = try model.classify(["a"], deadline: limit)
        case "classify_pairs": _ = try model.classify(["a"], pairs: [""], deadline: limit)
        case "count_tokens": _ = try model.countTokens(of: ["a"], with: .none, flags: [])
        default: _ = try model.scores(query: "", documents: ["a"], deadline: limit)
        }
    }

    @Test(arguments: Isolation.allCases)
    func aCallCanBeAskedToStop(_ isolation: Isolation) async throws {
        let found = try await BlockingThread.run("vectors") {
            let model = try openVectors(isolation, config: settings(at: "embed", do: "slow"))
            defer { model.close() }
            let asking = Flag()
            BlockingThread.start("asking") {
                _ = eventually(within: .seconds(3600)) {
                    model.requestCancel()
                    return asking.isSet
                }
            }
            defer { asking.set() }
            return failure { _ = try model.vectors(of: ["a"], deadline: nil) }
        }
        #expect(found == .refused(code: .cancelled, flags: [], message: "told to stop"))
    }
}
