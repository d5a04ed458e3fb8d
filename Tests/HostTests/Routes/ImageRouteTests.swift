import Engine
import Foundation
import Host
import JSON
import PNGFiles
import PluginHost
import Testing

@Suite struct ImageRouteTests {
    private static let path = "/v1/images/generations"
    private static let host = Task { try await TestHost(models: TestHost.painter()) }

    private func generate(_ body: JSONValue) async throws -> Answer {
        try await Self.host.value.client.post(Self.path, body)
    }

    private func image(_ base64: JSONValue?) throws -> RGBImage {
        let text = try #require(base64?.string)
        return try PNG.decoded([UInt8](try #require(Data(base64Encoded: text))))
    }

    @Test func anImageComesAsPNGWithItsSeed() async throws {
        let answer = try await generate(["prompt": "a hill", "seed": 5])
        #expect(answer.status == 200, "\(answer.text)")
        let data = try #require(answer.json["data"]?.array)
        #expect(data.count == 1 && data[0]["seed"] == 5)
        let found = try image(data[0]["b64_json"])
        #expect(found.width == 64 && found.height == 32)
        #expect(answer.json["size"] == "64x32" && answer.json["output_format"] == "png")
        #expect((answer.json["created"]?.integer ?? 0) > 1_700_000_000)
        #expect(answer.json["model"] == "hills")
        let again = try await generate(["prompt": "a hill", "seed": 5, "model": "hills"])
        #expect(again.json["data"] == answer.json["data"])
    }

    @Test func everyImageOfSeveralHasASeedOfItsOwn() async throws {
        let answer = try await generate(["prompt": "a hill", "n": 3, "seed": 7])
        let data = try #require(answer.json["data"]?.array)
        #expect(data.map { $0["seed"]?.integer } == [7, 8, 9])
        #expect(Set(data.compactMap { $0["b64_json"]?.string }).count == 3)
        let third = try await generate(["prompt": "a hill", "seed": 9])
        #expect(third.json["data"]?[0]?["b64_json"] == data[2]["b64_json"])
    }

    @Test func aSeedThatIsDrawnMakesTheImageAgain() async throws {
        let first = try await generate(["prompt": "a hill"]).json["data"]?[0]
        let second = try await generate(["prompt": "a hill"]).json["data"]?[0]
        #expect(first?["seed"] != second?["seed"])
        let again = try await generate(["prompt": "a hill", "seed": first?["seed"] ?? .null])
        #expect(again.json["data"]?[0] == first)
    }

    @Test func everythingThatIsAskedForReachesTheModel() async throws {
        let plain: JSONObject = try #require(
            (["prompt": "a hill", "seed": 1, "size": "16x24"] as JSONValue).object)
        var found: Set<String> = []
        for (key, value) in [
            ("prompt", "a hilL"), ("negative_prompt", "rain"), ("steps", 9), ("seed", 2),
            ("guidance_scale", 1.5), ("scheduler", "ddim"), ("user", "somebody"),
        ] as [(String, JSONValue)] {
            var body = plain
            body[key] = value
            let answer = try await generate(.object(body))
            let data = answer.json["data"]?[0]?["b64_json"]
            #expect(try image(data).height == 24)
            found.insert(data?.string ?? "")
        }
        #expect(found.count == 7)
        // The last one changes nothing.
        let base = try await generate(.object(plain)).json["data"]?[0]?["b64_json"]?.string
        #expect(found.contains(base ?? "?"))
    }

    @Test func anImageToBeginWithIsChangedAsFarAsItMay() async throws {
        let old = RGBImage(width: 16, height: 8, rgb: (0..<384).map { UInt8($0 % 251) })
        let base64 = Data(try PNG.encoded(old)).base64EncodedString()
        for (text, strength) in [(base64, 0.0), ("data:image/png;base64,\(base64)", 1.0)] {
            let answer = try await generate([
                "prompt": "a hill", "init_image": .string(text), "strength": .number(strength),
            ])
            #expect(answer.json["size"] == "16x8", "\(answer.text)")
            let found = try image(answer.json["data"]?[0]?["b64_json"])
            #expect((found == old) == (strength == 0))
        }
    }

    // MARK: - Streams

    @Test func aStreamShowsTheImageGrow() async throws {
        let events = try await Self.host.value.client.stream(
            Self.path,
            [
                "prompt": "a hill", "seed": 3, "n": 2, "stream": true, "partial_images": 2,
                "progress": true, "steps": 6,
            ])
        #expect(events.last == EventReader.end)
        let json = try events.dropLast().map { try JSONValue(parsing: $0) }
        let partial = json.filter { $0["type"] == "image_generation.partial_image" }
        #expect(partial.map { $0["partial_image_index"]?.integer } == [0, 1, 0, 1])
        #expect(try image(partial[0]["b64_json"]).width == 16 && partial[0]["size"] == "16x8")
        let completed = json.filter { $0["type"] == "image_generation.completed" }
        #expect(completed.map { $0["seed"]?.integer } == [3, 4])
        #expect(completed.map { $0["index"]?.integer } == [0, 1])
        #expect(json.last == completed.last)
        let steps = json.filter { $0["type"] == "image_generation.progress" }
        // A reader that is behind is told of the latest step only.
        #expect(!steps.isEmpty && steps.allSatisfy { $0["steps"] == 6 })
        let whole = try await generate(["prompt": "a hill", "seed": 3, "steps": 6])
        #expect(whole.json["data"]?[0]?["b64_json"] == completed[0]["b64_json"])
    }

    @Test func aStreamTellsOfNothingThatNobodyAskedFor() async throws {
        let events = try await Self.host.value.client.stream(
            Self.path, ["prompt": "a hill", "stream": true])
        #expect(events.count == 2)
        #expect(try JSONValue(parsing: events[0])["type"] == "image_generation.completed")
    }

    // MARK: - Mistakes

    private static let mistakes: [(JSONValue, param: String, says: String)] = [
        ([:], "prompt", "is missing"),
        (["prompt": 3], "prompt", "is 3, expected a string"),
        (["prompt": .string(.init(repeating: "a", count: 40_000))], "prompt", "40000 bytes"),
        (["prompt": "a", "n": 11], "n", "from 1 to 10"),
        (["prompt": "a", "n": 5, "size": "2048x2048"], "n", "send several"),
        (["prompt": "a", "size": "big"], "size", "expected \"WIDTHxHEIGHT\""),
        (["prompt": "a", "size": "64x64x64"], "size", "is no size"),
        (["prompt": "a", "size": "0x64"], "size", "is no size"),
        (["prompt": "a", "size": "-8x64"], "size", "is no size"),
        (["prompt": "a", "size": "4096x4096"], "size", "up to 2048x2048"),
        (["prompt": "a", "size": "60x64"], "size", "multiples of 8"),
        (["prompt": "a", "steps": 0], "steps", "from 1 to 1000"),
        (["prompt": "a", "seed": -2], "seed", "from -1"),
        (["prompt": "a", "truncate": false], "truncate", "does not tell"),
        (["prompt": "a", "guidance_scale": "x"], "guidance_scale", "expected a number"),
        (["prompt": "a", "scheduler": "magic"], "scheduler", "expected \"euler\" or \"ddim\""),
        (["prompt": "a", "response_format": "url"], "response_format", "use \"b64_json\""),
        (["prompt": "a", "output_format": "webp"], "output_format", "written as \"png\""),
        (["prompt": "a", "background": "transparent"], "background", "no transparent parts"),
        (["prompt": "a", "partial_images": 51], "partial_images", "from 0 to 50"),
        (["prompt": "a", "strength": 0.5], "init_image", "is missing"),
        (["prompt": "a", "init_image": "%%"], "init_image", "is not base64"),
        (["prompt": "a", "init_image": "aGVsbG8="], "init_image", "no PNG file"),
    ]

    @Test func aSeedOfMinusOneIsDrawn() async throws {
        var seeds: [Int] = []
        for _ in 0..<2 {
            let answer = try await generate(["prompt": "a hill", "seed": -1])
            #expect(answer.status == 200, "\(answer.text)")
            seeds.append(answer.json["data"]?[0]?["seed"]?.integer ?? -1)
        }
        #expect(seeds[0] != seeds[1] && seeds.allSatisfy { $0 >= 0 })
    }

    @Test(arguments: mistakes.indices) func aMistakeIsNamed(index: Int) async throws {
        let (body, param, says) = Self.mistakes[index]
        let answer = try await generate(body)
        #expect(answer.status == 400 && answer.error["param"]?.string == param, "\(answer.text)")
        #expect(answer.error["type"] == "invalid_request_error")
        let message = try #require(answer.error["message"]?.string)
        #expect(message.contains(says), "\(message)")
    }

    @Test func anImageOfAnotherSizeIsRefused() async throws {
        let old = RGBImage(width: 12, height: 8, rgb: .init(repeating: 1, count: 288))
        let base64 = JSONValue.string(Data(try PNG.encoded(old)).base64EncodedString())
        let sized = try await generate(["prompt": "a", "size": "16x8", "init_image": base64])
        #expect(
            sized.error["message"] == "'init_image' is 12x8, expected the image's size, 16x8")
        let odd = try await generate(["prompt": "a", "init_image": base64])
        #expect(odd.status == 400 && odd.error["param"] == "init_image")
    }

    @Test func aModelWithoutImagesIsRefused() async throws {
        let answer = try await TestHost.shared().client.post(
            Self.path, ["model": "words", "prompt": "a"])
        #expect(answer.status == 400)
        #expect(answer.error["message"]?.string?.contains("does not make images") == true)
    }

    @Test func theModelTellsWhatItCanDo() async throws {
        let client = try await Self.host.value.client
        let model = try await client.send("GET", "/v1/models/hills").json
        #expect(model["abilities"] == ["image"])
        #expect(
            model["meta"]?["image"] == [
                "width": 64, "height": 32, "steps": 4, "guidance": 7.5, "multiple_of": 8,
                "longest_side": 2048, "schedulers": ["euler", "ddim"], "scheduler": "euler",
                "previews": true,
            ])
    }

    // MARK: - Lives

    private struct Left: Error {}

    @Test func aClientThatLeavesStopsTheWork() async throws {
        let host = try await TestHost(models: TestHost.painter(pace: 20))
        let endless: JSONValue = [
            "prompt": "a", "steps": 1000, "n": 10, "stream": true, "progress": true,
        ]
        await #expect(throws: Left.self) {
            try await host.client.events("POST", Self.path, body: endless) { _ in throw Left() }
        }
        try await host.client.wait(for: "roost_jobs_cancelled_total", of: "hills", "images") {
            $0 == 1
        }
        try await host.client.wait(for: "roost_jobs_running", of: "hills", "images") { $0 == 0 }
        // And one that wants no stream.
        let asking = Task { try await host.client.post(Self.path, ["prompt": "a", "steps": 1000]) }
        try await host.client.wait(for: "roost_jobs_running", of: "hills", "images") { $0 == 1 }
        asking.cancel()
        _ = await asking.result
        try await host.client.wait(for: "roost_jobs_cancelled_total", of: "hills", "images") {
            $0 == 2
        }
        try await host.stop()
    }

    @Test func aFullQueueIsRefusedWithATimeToRetry() async throws {
        let host = try await TestHost(models: TestHost.painter(pace: 20, "queue = 1"))
        let first = Task { try await host.client.post(Self.path, ["prompt": "a", "steps": 1000]) }
        try await host.client.wait(for: "roost_jobs_running", of: "hills", "images") { $0 == 1 }
        let second = try await host.client.post(Self.path, ["prompt": "a"])
        #expect(second.status == 429 && second.error["code"] == "overloaded")
        #expect((second.headers["retry-after"].flatMap { Int($0) } ?? 0) >= 1)
        first.cancel()
        _ = await first.result
        try await host.stop()
    }

    @Test func whatTheModelRefusesIsTheCallersMistake() async throws {
        let settings = #"at = "begin", do = "argument", when = "bad""#
        let host = try await TestHost(models: TestHost.painter(settings: settings))
        let answer = try await host.client.post(Self.path, ["prompt": "something bad"])
        #expect(answer.status == 400 && answer.error["message"] == "not a thing to paint")
        #expect(try await host.client.post(Self.path, ["prompt": "a"]).status == 200)
        try await host.stop()
    }

    /// A step is taken before a model serves.
    @Test func aModelThatCannotBeginAnImageNeverServes() async throws {
        let host = try await TestHost(
            models: TestHost.painter(settings: #"at = "begin", do = "refuse""#))
        let model = try await host.client.send("GET", "/v1/models/hills").json
        #expect(model["state"] == "failed")
        let answer = try await host.client.post(Self.path, ["model": "hills", "prompt": "a"])
        #expect(answer.status == 503)
        #expect(answer.error["message"]?.string?.contains("refused as told") == true)
        try await host.stop()
    }

    @Test func aModelWithoutPreviewsRefusesThemOnly() async throws {
        let settings = #"at = "extension", do = "no-preview""#
        let host = try await TestHost(models: TestHost.painter(settings: settings))
        let body: JSONValue = ["prompt": "a", "stream": true, "partial_images": 1]
        let answer = try await host.client.post(Self.path, body)
        #expect(answer.status == 400 && answer.error["param"] == "partial_images")
        #expect(try await host.client.post(Self.path, ["prompt": "a"]).status == 200)
        try await host.stop()
    }
}
