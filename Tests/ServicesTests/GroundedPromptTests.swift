import Engine
import Services
import Testing

@Suite struct GroundedPromptTests {
    /// A token a character of the user's message.
    private func prompt(refusing role: String? = nil) -> GroundedPrompt {
        GroundedPrompt(question: "Who?") { messages in
            if let role, messages.contains(where: { $0.role == role }) {
                throw GroundedPrompt.Refusal(reason: "no \(role) here")
            }
            return Array(repeating: 0, count: messages.last?.content.count ?? 0)
        }
    }

    @Test func passagesThatFitAreAllKept() async throws {
        let passages = ["One bee.", "Two bees."]
        let (kept, tokens) = try await prompt().fitting(passages, room: 1000)
        #expect(kept == passages)
        #expect(tokens.count == "[1] One bee.\n\n[2] Two bees.\n\nQuestion: Who?".count)
    }

    @Test func theAnswerHasAtMostHalfOfTheContextAndIsTheLikeliest() async throws {
        let passage = String(repeating: "x", count: 500)
        let (kept, request) = try await prompt().request(
            over: [passage], context: 200, longest: 4000)
        #expect(request.maxTokens == 100 && request.sampling.temperature == 0)
        #expect(request.prompt.count <= 100 && passage.hasPrefix(kept[0]) && kept[0] != passage)
        let roomy = try await prompt().request(over: ["One bee."], context: 200, longest: 50)
        #expect(roomy.request.maxTokens == 50 && roomy.passages == ["One bee."])
    }

    @Test(arguments: [60, 100, 200, 500, 2000])
    func whatDoesNotFitIsLeftOutFromTheEnd(room: Int) async throws {
        let passages = (0..<20).map { "\($0) " + String(repeating: "x", count: 90) }
        let (kept, tokens) = try await prompt().fitting(passages, room: room)
        #expect(tokens.count <= room)
        #expect(!kept.isEmpty)
        #expect(zip(kept.dropLast(), passages).allSatisfy { $0 == $1 })
        #expect(passages[kept.count - 1].hasPrefix(kept[kept.count - 1]))
    }

    @Test(.timeLimit(.minutes(1)), arguments: [["abc"], []])
    func whereNothingFitsTheErrorSaysHowMuchThereIs(passages: [String]) async {
        await #expect(throws: GroundedPrompt.TooLong.self) {
            try await prompt().fitting(passages, room: 5)
        }
    }

    @Test func aTemplateWithoutASystemRoleGetsTheRuleInTheQuestion() async throws {
        let plain = try await prompt().fitting(["A bee."], room: 1000).tokens.count
        let joined = try await prompt(refusing: "system").fitting(["A bee."], room: 1000)
        #expect(joined.tokens.count > plain)
        await #expect(throws: GroundedPrompt.Refusal.self) {
            try await prompt(refusing: "user").fitting(["A bee."], room: 1000)
        }
    }

    @Test func citationsAreNumbersInBrackets() {
        #expect(GroundedPrompt.citations(in: "Bees [2], hum [1][2]; [x] [1234] (3).") == [1, 2])
        #expect(GroundedPrompt.citations(in: "") == [])
    }
}
