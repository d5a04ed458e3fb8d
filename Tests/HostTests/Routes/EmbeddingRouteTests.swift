import Engine
import Foundation
import Host
import JSON
import Testing

@Suite struct EmbeddingRouteTests {
    private static func vectors(_ answer: Answer) throws -> [[Double]] {
        let data = try #require(answer.json["data"]?.array, "\(answer.text.prefix(300))")
        return try data.map { try #require($0["embedding"]?.array).compactMap(\.number) }
    }

    private func embed(_ body: JSONValue) async throws -> Answer {
        try await TestHost.shared().client.post("/v1/embeddings", body)
    }

    @Test func anEmbeddingHasTheShapeOfTheAPI() async throws {
        let answer = try await embed(["model": "words", "input": "A red fox", "user": "me"])
        #expect(answer.status == 200)
        #expect(answer.json["object"] == "list" && answer.json["model"] == "words")
        #expect(answer.json["data"]?[0]?["object"] == "embedding")
        #expect(answer.json["data"]?[0]?["index"] == 0)
        let vector = try Self.vectors(answer)[0]
        #expect(vector.count == 48)
        #expect(abs(vector.map { $0 * $0 }.reduce(0, +) - 1) < 1e-5)
        #expect(answer.json["usage"] == ["prompt_tokens": 5, "total_tokens": 5])
    }

    @Test func severalTextsComeInTheirOrder() async throws {
        let texts = (0..<300).map { "text number \($0) of \($0 * 7)" }
        let together = try Self.vectors(
            try await embed(["model": "words", "input": .array(texts.map { .string($0) })]))
        #expect(together.count == 300 && Set(together).count == 300)
        for index in [0, 1, 150, 299] {
            let alone = try await embed(["model": "words", "input": .string(texts[index])])
            #expect(try Self.vectors(alone)[0] == together[index])
        }
    }

    @Test func base64HoldsTheSameNumbers() async throws {
        let body: JSONValue = ["model": "words", "input": ["one", "two fish"]]
        let floats = try Self.vectors(try await embed(body))
        var request = try #require(body.object)
        request["encoding_format"] = "base64"
        let answer = try await embed(.object(request))
        for (index, vector) in floats.enumerated() {
            let text = try #require(answer.json["data"]?[index]?["embedding"]?.string)
            let bytes = try #require(Data(base64Encoded: text))
            #expect(bytes.count == 4 * 48)
            let decoded = bytes.withUnsafeBytes { raw in
                (0..<48).map {
                    Float(
                        bitPattern: UInt32(
                            littleEndian: raw.loadUnaligned(
                                fromByteOffset: 4 * $0, as: UInt32.self)))
                }
            }
            #expect(decoded == vector.map { Float($0) })
        }
    }

    /// The token of a word, as the model makes it.
    private func token(_ word: String) -> Int {
        let hash = word.lowercased().utf8.reduce(2_166_136_261 as UInt32) {
            ($0 ^ UInt32($1)) &* 16_777_619
        }
        return 2 + Int(hash % 1000)
    }

    @Test func tokensAreEmbeddedLikeTheirText() async throws {
        let text = try Self.vectors(try await embed(["model": "words", "input": "red fox"]))[0]
        let tokens: JSONValue = [0, .integer(token("red")), .integer(token("fox")), 1]
        #expect(try Self.vectors(try await embed(["model": "words", "input": tokens])) == [text])
        let pair = try await embed(["model": "words", "input": [tokens, [0, 5, 1]]])
        #expect(try Self.vectors(pair)[0] == text && (try Self.vectors(pair)).count == 2)
        #expect(pair.json["usage"]?["total_tokens"] == 7)
    }

    @Test func fewerDimensionsAreTheFirstOfThemAtLengthOne() async throws {
        let full = try Self.vectors(try await embed(["model": "words", "input": "red fox"]))[0]
        let cut = try Self.vectors(
            try await embed(["model": "words", "input": "red fox", "dimensions": 8]))[0]
        let length = full[..<8].map { $0 * $0 }.reduce(0, +).squareRoot()
        #expect(cut.count == 8)
        for (short, long) in zip(cut, full) { #expect(abs(short - long / length) < 1e-6) }
    }

    @Test func theLengthIsLeftAloneWhereThatIsAskedFor() async throws {
        let vector = try Self.vectors(
            try await embed(["model": "words", "input": "red fox", "normalize": false]))[0]
        #expect(abs(vector.map { $0 * $0 }.reduce(0, +) - 1) > 0.1)
    }

    @Test func emptyLongAndOddTextsAreTexts() async throws {
        let long = String(repeating: "a word ", count: 15_000)
        let texts: JSONValue = ["", .string(long), "\u{0}", "👩🏽‍🚀 é", "   "]
        let answer = try await embed(["model": "words", "input": texts])
        let vectors = try Self.vectors(answer)
        #expect(vectors.count == 5 && vectors.joined().allSatisfy { $0.isFinite })
        #expect(vectors[0] == vectors[4])
    }

    @Test func tenThousandTextsAreAnsweredInOneRequest() async throws {
        let texts = (0..<10_000).map { JSONValue.string("row \($0)") }
        let answer = try await embed([
            "model": "words", "input": .array(texts), "encoding_format": "base64",
        ])
        #expect(answer.status == 200)
        #expect(answer.json["data"]?.array?.count == 10_000)
        #expect(answer.json["data"]?[9999]?["index"] == 9999)
    }

    @Test func moreInputsThanTheSettingsAllowAreRefusedWithBothNumbers() async throws {
        let host = try await TestHost(server: "max_inputs = 3", models: TestHost.wordbag())
        let answer = try await host.client.post("/v1/embeddings", ["input": ["a", "b", "c", "d"]])
        #expect(answer.status == 400 && answer.error["param"] == "input")
        let message = answer.error["message"]?.string ?? ""
        #expect(message.contains("4 elements") && message.contains("up to 3"), "\(message)")
        #expect(
            try await host.client.post("/v1/embeddings", ["input": ["a", "b", "c"]]).status == 200)
        try await host.stop()
    }

    @Test func similarityIsTheCosineWithTheSource() async throws {
        let client = try await TestHost.shared().client
        let answer = try await client.post(
            "/v1/similarity",
            ["model": "words", "source": "red fox", "sentences": ["Red, fox!", "blue whale"]])
        let scores = answer.json["data"]?.array?.compactMap { $0["score"]?.number } ?? []
        #expect(scores.count == 2)
        #expect(abs(scores[0] - 1) < 1e-5 && scores[1] < 0.9)
        #expect(answer.json["data"]?[1]?["index"] == 1)
        let other = try await client.post(
            "/v1/similarity", ["model": "words", "input": "red fox", "texts": "Red, fox!"])
        #expect(other.json["data"]?[0]?["score"] == answer.json["data"]?[0]?["score"])
    }
}

/// What becomes of a long request for embeddings.
@Suite struct EmbeddingLifeTests {
    private func long(_ count: Int = 10_000, _ name: String = "words") -> JSONValue {
        let texts = (0..<count).map { JSONValue.string("a long request, number \($0)") }
        return ["model": .string(name), "input": .array(texts), "encoding_format": "base64"]
    }

    @Test func aClientThatLeavesStopsTheWork() async throws {
        let host = try await TestHost(models: TestHost.wordbag(pace: 20))
        let body = long()
        let asking = Task { try await host.client.post("/v1/embeddings", body) }
        try await host.client.wait(for: "roost_steps_total", of: "words", "vectors") { $0 > 0 }
        asking.cancel()
        _ = await asking.result
        try await host.client.wait(for: "roost_jobs_running", of: "words", "vectors") { $0 == 0 }
        try await host.client.wait(for: "roost_jobs_cancelled_total", of: "words", "vectors") {
            $0 == 1
        }
        try await host.stop()
    }

    @Test func aFullQueueIsRefusedWithATimeToRetry() async throws {
        let host = try await TestHost(models: TestHost.wordbag(pace: 20, "queue = 1"))
        let body = long()
        let asking = Task { try await host.client.post("/v1/embeddings", body) }
        try await host.client.wait(for: "roost_jobs_running", of: "words", "vectors") { $0 == 1 }
        let refused = try await host.client.post("/v1/embeddings", ["input": "a"])
        #expect(refused.status == 429 && refused.error["code"] == "overloaded")
        #expect((refused.headers["retry-after"].flatMap { Int($0) } ?? 0) >= 1)
        asking.cancel()
        _ = await asking.result
        try await host.stop()
    }

    @Test func aShortRequestGoesBeforeTheRestOfALongOne() async throws {
        let host = try await TestHost(models: TestHost.wordbag(pace: 20))
        let body = long()
        let asking = Task { try await host.client.post("/v1/embeddings", body) }
        try await host.client.wait(for: "roost_steps_total", of: "words", "vectors") { $0 > 0 }
        let short = try await host.client.post("/v1/embeddings", ["input": "a short one"])
        #expect(short.status == 200)
        try await host.client.wait(for: "roost_jobs_running", of: "words", "vectors") { $0 == 1 }
        asking.cancel()
        _ = await asking.result
        try await host.stop()
    }

    @Test func aReloadLosesNoRequest() async throws {
        let host = try await TestHost(models: TestHost.wordbag(pace: 1))
        let body = long(400)
        let asking = Task { try await host.client.post("/v1/embeddings", body) }
        try await host.client.wait(for: "roost_steps_total", of: "words", "vectors") { $0 > 0 }
        #expect(try await host.client.send("POST", "/admin/models/words/reload").status == 200)
        let after = try await host.client.post("/v1/embeddings", ["input": "a"])
        #expect(after.status == 200)
        #expect(try await asking.value.status == 200)
        try await host.stop()
    }

    @Test func aTextThatWasEmbeddedBeforeComesFromTheCache() async throws {
        let host = try await TestHost(models: TestHost.wordbag())
        let first = try await host.client.post("/v1/embeddings", ["input": "a red fox"])
        let second = try await host.client.post("/v1/embeddings", ["input": "a red fox"])
        #expect(first.json == second.json)
        try await host.client.wait(for: "roost_cache_hits_total", of: "words", "vectors") {
            $0 == 1
        }
        try await host.client.wait(for: "roost_texts_total", of: "words", "vectors") { $0 == 1 }
        try await host.stop()
    }
}
