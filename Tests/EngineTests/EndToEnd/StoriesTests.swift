import Engine
import Foundation
import PluginHost
import Testing

/// The engine on a real model through the real plugin and, by default, a real worker process.
@Suite struct StoriesTests {
    @Test(arguments: Isolation.allCases)
    func streamsInOneBatchGiveTheReferencesTokens(isolation: Isolation) async throws {
        let engine = try TextEngine(supervisor: Stories.supervisor(isolation))
        let cases = try Stories.cases()
        #expect(cases.count == 4)
        let streams = try cases.map { item in
            try engine.submit(.plain(item.promptIDs, maxTokens: item.greedyIDs.count))
        }
        for (item, stream) in zip(cases, streams) {
            let output = try await stream.output()
            #expect(output.ids == item.greedyIDs)
            #expect(output.text.hasSuffix(item.text))
        }
        await engine.stop()
    }

    @Test func textBecomesTheReferencesTokensAndTextAgain() async throws {
        let engine = try TextEngine(supervisor: Stories.supervisor(.worker))
        for item in try Stories.cases() {
            let ids = try await engine.tokenizer.tokenize(
                item.prompt, addSpecial: true, parseSpecial: false)
            #expect(ids == item.promptIDs)
            #expect(try engine.tokenizer.detokenize(ids) == item.prompt)
        }
        await engine.stop()
    }

    /// Keys and values in half precision (11 bits) move logits of about 10 by up to 5e-3.
    @Test func logProbabilitiesAreTheReferences() async throws {
        let engine = try TextEngine(supervisor: Stories.supervisor(.worker))
        for item in try Stories.cases() {
            var request = GenerationRequest.plain(item.promptIDs, maxTokens: 1)
            request.logprobs = 5
            let top = try #require(try await engine.submit(request).output().tokens.first?.top)
            #expect(top.map(\.id) == item.top.map(\.id))
            for (found, expected) in zip(top, item.top) {
                #expect(abs(found.logprob - expected.logprob) < 5e-3)
            }
        }
        await engine.stop()
    }

    /// Greedy and drawn streams together; the worker is killed as the first of them has had so many
    /// tokens.
    @Test(arguments: [0, 1, 5, 20]) func streamsSurviveAKilledWorker(after: Int) async throws {
        let undisturbed = try await outputs(killingAfter: nil)
        let disturbed = try await outputs(killingAfter: after)
        for (found, expected) in zip(disturbed.outputs, undisturbed.outputs) {
            #expect(found.ids == expected.ids)
            #expect(found.text == expected.text)
            #expect(found.reason == expected.reason)
        }
        #expect(undisturbed.restarts == 0)
        #expect(disturbed.restarts == 1)
    }

    private func outputs(
        killingAfter limit: Int?
    ) async throws -> (outputs: [Output], restarts: Int) {
        let supervisor = try Stories.supervisor(.worker)
        // Streams wait for their readers, so that all of them are under way when the worker dies.
        var options = EngineOptions.text
        options.backlog = 4
        options.stallLimit = .seconds(3600)
        let engine = try TextEngine(supervisor: supervisor, options: options)
        let worker = try #require(try supervisor.current().processID)
        let cases = try Stories.cases()
        let streams = try (0..<8).map { index in
            let item = cases[index % cases.count]
            let seed = index < cases.count ? nil : UInt64(index)
            return try engine.submit(.plain(item.promptIDs, maxTokens: 64, seed: seed))
        }
        if limit == 0 { kill(worker, SIGKILL) }
        var first = Output()
        for try await event in streams[0] {
            let before = first.tokens.count
            first.append(event)
            if let limit, (before + 1...max(first.tokens.count, before + 1)).contains(limit) {
                kill(worker, SIGKILL)
            }
        }
        let others = try await streams.dropFirst().asyncMap { try await $0.output() }
        let restarts = supervisor.status.restarts
        await engine.stop()
        supervisor.stop()
        return ([first] + others, restarts)
    }
}
