import Engine
import Glibc
import JSON
import PluginHost
import Testing

/// The vector engine on a real plugin and, by default, a real worker process.
@Suite struct VectorPluginTests {
    private static let texts = (0..<400).map { "passage number \($0)" }

    @Test func aWorkerAnswersAsTheHostItselfDoes() async throws {
        let inProcess = try VectorEngine(supervisor: VectorPlugin.supervisor(.inProcess))
        let worker = try VectorEngine(supervisor: VectorPlugin.supervisor(.worker))
        for purpose in [EmbeddingPurpose.query, .passage] {
            let inputs = Self.texts.map(EmbeddingInput.text)
            let expected = try await inProcess.embed(inputs, purpose: purpose)
            #expect(try await worker.embed(inputs, purpose: purpose) == expected)
            #expect(Set(expected.vectors).count == 400)
        }
        let scores = try await worker.scores(query: "ab", documents: ["ab", "abcd", ""])
        #expect(scores.scores == [0, -2, -2])
        #expect(scores.tokens == 7 + 9 + 5)
        #expect(try await worker.classify(["", "ab"]).logits == [[5, -5, -5], [-5, 5, -5]])
        await inProcess.stop()
        await worker.stop()
    }

    /// The worker is killed again and again while it is at work; nobody notices.
    @Test func killedWorkersCostNoAnswer() async throws {
        let supervisor = try VectorPlugin.supervisor(.worker, config: #"{"pace": "2"}"#)
        var options = EngineOptions.vectors
        options.tokenBudget = 60
        // Each text may see more deaths than one.
        options.retries = 100
        let engine = try VectorEngine(supervisor: supervisor, options: options)
        let reference = try VectorEngine(supervisor: VectorPlugin.supervisor(.inProcess))
        async let long = engine.embed(Self.texts)
        for kill in 1...3 {
            await eventually { engine.statistics.steps > 12 * kill }
            try await BlockingThread.run("kill") {
                if let worker = try supervisor.current().processID { Glibc.kill(worker, SIGKILL) }
            }
        }
        #expect(try await long == (try await reference.embed(Self.texts)))
        #expect(supervisor.status.restarts >= 1)
        await engine.stop()
    }

    @Test(arguments: ["segv", "exit0", "abort"])
    func aPoisonousTextCostsOnlyItsOwnRequest(deed: String) async throws {
        for step in ["embed_tokens", "classify", "score_pairs"] {
            let supervisor = try VectorPlugin.supervisor(
                .worker, config: "{\"at\": \"\(step)\", \"do\": \"\(deed)\", \"when\": \"boom\"}")
            let engine = try VectorEngine(supervisor: supervisor)
            async let good = engine.embed(Self.texts)
            let error = await #expect(throws: EngineError.self) {
                switch step {
                case "embed_tokens": _ = try await engine.embed(["a", "a boom b"])
                case "classify": _ = try await engine.classify(["a", "boom"])
                default: _ = try await engine.scores(query: "q", documents: ["boom", "b"])
                }
            }
            guard case .modelFailed(2, let failure) = error else {
                Issue.record("\(step): \(String(describing: error))")
                continue
            }
            #expect(failure.contains("in \(step)"))
            #expect(try await good.vectors.count == 400)
            await engine.stop()
        }
    }

    @Test func aTaskRunsInTheWorkerAndItsGarbageStaysThere() async throws {
        let engine = try VectorEngine(supervisor: VectorPlugin.supervisor(.worker))
        var numbers: [Int] = []
        for try await event in try engine.run(task: "count", input: ["n": 11]) {
            numbers.append(event["i"]?.integer ?? -1)
        }
        #expect(numbers == Array(0..<11))
        await engine.stop()
        for deed in ["garbage", "list", "ragged", "unbounded", "segv"] {
            let supervisor = try VectorPlugin.supervisor(
                .worker, config: "{\"at\": \"advance\", \"do\": \"\(deed)\"}")
            let engine = try VectorEngine(supervisor: supervisor)
            await #expect(throws: EngineError.self) {
                for try await _ in try engine.run(task: "count", input: 5) {}
            }
            #expect(try await engine.embed(["still here"]).vectors.count == 1)
            await engine.stop()
        }
    }

    @Test func aHangIsEndedAtItsDeadline() async throws {
        let supervisor = try VectorPlugin.supervisor(
            .worker, config: #"{"at": "embed_tokens", "do": "hang", "when": "boom"}"#)
        var options = EngineOptions.vectors
        options.stepDeadline = .milliseconds(300)
        let engine = try VectorEngine(supervisor: supervisor, options: options)
        let error = await #expect(throws: EngineError.self) { try await engine.embed(["boom"]) }
        #expect(error?.description.contains("hung in embed_tokens") == true)
        await engine.stop()
    }
}
