import Engine
import Foundation
import Host
import JSON
import Testing

@Suite struct RerankRouteTests {
    private let documents: JSONValue = [
        "a whale in the sea", "the red fox runs", "a fox",
    ]

    private func results(_ answer: Answer) -> [(index: Int, score: Double)] {
        (answer.json["results"]?.array ?? []).map {
            ($0["index"]?.integer ?? -1, $0["relevance_score"]?.number ?? .nan)
        }
    }

    @Test(arguments: ["/v1/rerank", "/v2/rerank", "/rerank"])
    func documentsComeBackBestFirst(path: String) async throws {
        let answer = try await TestHost.shared().client.post(
            path, ["model": "words", "query": "red fox", "documents": documents])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(results(answer).map(\.index) == [1, 2, 0])
        // The model's logits are 4, 0 and -4.
        for (score, logit) in zip(results(answer).map(\.score), [4.0, 0, -4]) {
            #expect(abs(score - 1 / (1 + exp(-logit))) < 1e-5)
        }
        #expect(answer.json["method"] == "cross-encoder" && answer.json["model"] == "words")
        #expect(answer.json["id"]?.string?.hasPrefix("rerank-") == true)
        #expect((answer.json["usage"]?["total_tokens"]?.integer ?? 0) > 0)
        #expect(answer.json["results"]?[0]?["document"] == nil)
    }

    @Test func theBestDocumentsAreReturnedAsTheyWereGiven() async throws {
        let answer = try await TestHost.shared().client.post(
            "/v1/rerank",
            [
                "model": "words", "query": "red fox", "top_n": 2, "return_documents": true,
                "documents": ["a whale", ["text": "red fox", "id": 7], "fox"],
            ])
        #expect(results(answer).map(\.index) == [1, 2])
        #expect(answer.json["results"]?[0]?["document"] == ["text": "red fox", "id": 7])
        #expect(answer.json["results"]?[1]?["document"] == ["text": "fox"])
    }

    @Test func rankFieldsSayWhatOfADocumentCounts() async throws {
        let answer = try await TestHost.shared().client.post(
            "/v1/rerank",
            [
                "model": "words", "query": "red fox", "rank_fields": ["title"],
                "documents": [
                    ["title": "whale", "text": "red fox"], ["title": "red fox", "text": "whale"],
                ],
            ])
        #expect(results(answer).map(\.index) == [1, 0])
    }

    @Test func textsAreAnsweredLikeTextEmbeddingsInferenceDoes() async throws {
        let client = try await TestHost.shared().client
        let body: JSONValue = [
            "model": "words", "query": "red fox", "texts": documents, "return_text": true,
            "raw_scores": true,
        ]
        let answer = try await client.post("/rerank", body)
        let list = try #require(answer.json.array)
        #expect(list.map { $0["index"]?.integer } == [1, 2, 0])
        #expect(list.map { $0["score"]?.number } == [4, 0, -4])
        #expect(list[0]["text"] == "the red fox runs")
    }

    @Test func withoutACrossEncoderEmbeddingsAreComparedAndItSaysSo() async throws {
        let host = try await TestHost(
            models: TestHost.wordbag("chats", can: "entities") + TestHost.wordbag(can: "embed"))
        let answer = try await host.client.post(
            "/v1/rerank", ["query": "red fox", "documents": documents])
        #expect(answer.json["method"] == "bi-encoder" && answer.json["model"] == "words")
        #expect(results(answer)[0].index != 0)
        let scores = results(answer).map(\.score)
        #expect(scores == scores.sorted(by: >))
        try await host.stop()
    }

}
