import PluginHost
import Testing

/// Images in-process and in a worker: how they are made, and what they cannot make the host believe.
@Suite struct ImageModelTests {
    @Test(arguments: Isolation.allCases)
    func theDescriptionSaysWhatTheModelCanDo(_ isolation: Isolation) throws {
        let model = try openPainter(isolation)
        defer { model.close() }
        var expected = ImageCapabilities()
        (expected.width, expected.height, expected.steps) = (64, 32, 4)
        (expected.guidance, expected.multipleOf) = (7.5, 8)
        (expected.schedulers, expected.scheduler) = (["euler", "ddim"], "euler")
        expected.previews = true
        #expect(model.description.image == expected)
        #expect(model.description.extensions == ["roost.image/1"])
        #expect(model.description.vectors == nil && model.vocabulary == nil)
    }

    @Test(arguments: Isolation.allCases)
    func anImageIsMadeStepByStep(_ isolation: Isolation) throws {
        let model = try openPainter(isolation)
        defer { model.close() }
        let id = try model.beginImage(ImageRequest("a hill"), deadline: patience)
        for step in 1...4 {
            let progress = try model.stepImage(id, deadline: patience)
            #expect(progress == JobProgress(done: step == 4, step: step, of: 4))
            if step < 4 {
                let preview = try model.previewImage(id, deadline: patience)
                #expect(preview.width == 16 && preview.height == 8)
            }
        }
        let image = try model.finishImage(id, deadline: patience)
        #expect(image.width == 64 && image.height == 32)
        #expect(Set(image.rgb).count > 8)
        try model.endJob(id)
        // Previews change nothing, and equal requests are equal images.
        #expect(try model.paint(ImageRequest("a hill")) == image)
    }

    @Test(arguments: Isolation.allCases)
    func everythingThatIsAskedForArrives(_ isolation: Isolation) throws {
        let model = try openPainter(isolation)
        defer { model.close() }
        let plain = ImageRequest("é\u{0} a hill", width: 40, height: 24, seed: .max)
        var requests = [plain]
        for change in [
            { $0.seed -= 1 }, { $0.negativePrompt = "rain" }, { $0.steps = 7 }, { $0.guidance = 0 },
            { $0.extraJSON = "{\"scheduler\": \"ddim\"}" }, { $0.prompt += "!" },
        ] as [(inout ImageRequest) -> Void] {
            var request = plain
            change(&request)
            requests.append(request)
        }
        let images = try requests.map(model.paint)
        #expect(Set(images.map(\.rgb)).count == requests.count)
        #expect(images.allSatisfy { $0.width == 40 && $0.height == 24 })
        // An image to begin with, of which nothing is to change.
        var again = requests[1]
        again.initial = .init(image: images[0], strength: 0)
        #expect(try model.paint(again) == images[0])
    }

    @Test(arguments: Isolation.allCases)
    func imagesUnderWayDoNotMix(_ isolation: Isolation) throws {
        let model = try openPainter(isolation)
        defer { model.close() }
        let requests = (0..<3).map {
            ImageRequest("hill \($0)", width: 8 * ($0 + 1), height: 16, steps: 2 + $0)
        }
        let alone = try requests.map(model.paint)
        let ids = try requests.map { try model.beginImage($0, deadline: patience) }
        for id in ids { _ = try model.stepImage(id, deadline: patience) }
        for id in ids { _ = try model.previewImage(id, deadline: patience) }
        #expect(try ids.reversed().map(model.paint) == alone.reversed())
        for id in ids { try model.endJob(id) }
    }

    /// The largest image fills the memory that a worker shares.
    @Test(arguments: Isolation.allCases)
    func theLargestImageIsMade(_ isolation: Isolation) throws {
        let model = try openPainter(isolation)
        defer { model.close() }
        let small = try model.paint(ImageRequest("a", width: 64, height: 64))
        let large = try model.paint(ImageRequest("a", width: 2048, height: 2048))
        // Where both have a point they have the same colour there.
        for row in stride(from: 0, to: 64, by: 9) {
            let (from, at) = (row * 64 * 3, row * 32 * 2048 * 3)
            #expect(large.rgb[at..<at + 3] == small.rgb[from..<from + 3])
        }
        #expect(try model.paint(ImageRequest("a", width: 64, height: 64)) == small)
    }

    @Test func inProcessAnImageHasMemoryOfItsOwnSize() throws {
        let model = try openPainter(.inProcess, config: settings(at: "finish", do: "measure"))
        defer { model.close() }
        let id = try model.beginImage(ImageRequest("a", width: 64, height: 32), deadline: nil)
        let failure = failure { _ = try model.paint(id) }
        guard case .refused(_, _, let message) = failure,
            let bytes = message.split(separator: " ").first.flatMap({ Int($0) })
        else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect((64 * 32 * 3...2 * 64 * 32 * 3).contains(bytes))
    }

    @Test(arguments: Isolation.allCases)
    func whatNoModelTakesIsRefusedBeforeTheCall(_ isolation: Isolation) throws {
        let model = try openPainter(isolation, config: settings(at: "begin", do: "segv"))
        defer { model.close() }
        var guidance = ImageRequest("a")
        guidance.guidance = .nan
        var start = ImageRequest("a", width: 16, height: 8)
        let image = RGBImage(width: 8, height: 8, rgb: .init(repeating: 1, count: 192))
        start.initial = .init(image: image, strength: 0.5)
        var strength = ImageRequest("a", width: 8, height: 8)
        strength.initial = .init(image: image, strength: 2)
        let requests: [(ImageRequest, String)] = [
            (ImageRequest("a", width: 4096, height: 8), "4096 pixels wide"),
            (ImageRequest("a", width: 8, height: 12), "expected a multiple of 8 up to 2048"),
            (ImageRequest("a", width: 8), "0 pixels high"),
            (ImageRequest("a", steps: 1001), "1001 steps, expected 1 to 1000"),
            (guidance, "a guidance of nan"),
            (start, "an image of 8x8 to begin with, expected 16x8"),
            (strength, "a strength of 2.0"),
        ]
        for (request, says) in requests {
            let failure = failure { _ = try model.beginImage(request, deadline: nil) }
            guard case .refused(.argument, _, let message) = failure else {
                Issue.record("\(says): \(String(describing: failure))")
                continue
            }
            #expect(message.contains(says))
        }
    }

    @Test(arguments: Isolation.allCases)
    func callsOutOfTheirOrderAreRefused(_ isolation: Isolation) throws {
        let model = try openPainter(isolation)
        defer { model.close() }
        let running = try model.beginImage(ImageRequest("a"), deadline: nil)
        let done = try model.beginImage(ImageRequest("a"), deadline: nil)
        while try !model.stepImage(done, deadline: nil).done {}
        let calls: [() throws -> Void] = [
            { _ = try model.finishImage(running, deadline: nil) },
            { _ = try model.stepImage(done, deadline: nil) },
            { _ = try model.previewImage(done, deadline: nil) },
            { _ = try model.stepImage(JobID(rawValue: 77), deadline: nil) },
            { try model.endJob(JobID(rawValue: 77)) },
        ]
        for call in calls {
            guard case .refused(.argument, _, _) = failure(of: call) else {
                Issue.record("a call that makes no sense was made")
                return
            }
        }
        try model.endJob(running)
        #expect(throws: ModelFailure.self) { try model.endJob(running) }
        try model.endJob(done)
    }

    /// The plugin aborts when its context goes with a job in it.
    @Test(arguments: Isolation.allCases)
    func imagesLeftOpenAreEndedWithTheModel(_ isolation: Isolation) throws {
        let log = LogRecorder()
        let model = try openPainter(isolation, log: log.handler)
        for _ in 0..<3 { _ = try model.beginImage(ImageRequest("a"), deadline: nil) }
        model.close()
        if isolation == .worker {
            #expect(eventually { log.lines.count { $0.text.contains("job ended") } == 3 })
        }
    }

    @Test(arguments: Isolation.allCases)
    func tooManyImagesAreRefused(_ isolation: Isolation) throws {
        let model = try openPainter(isolation)
        defer { model.close() }
        for _ in 0..<64 { _ = try model.beginImage(ImageRequest("a"), deadline: nil) }
        let failure = failure { _ = try model.beginImage(ImageRequest("a"), deadline: nil) }
        guard case .refused(.busy, .retryable, _) = failure else {
            Issue.record("a 65th image was begun")
            return
        }
    }

    @Test(arguments: Isolation.allCases)
    func aModelOfVectorsMakesNoImages(_ isolation: Isolation) throws {
        let model = try openVectors(isolation)
        defer { model.close() }
        #expect(model.description.image == nil)
        let id = JobID(rawValue: 1)
        let calls: [() throws -> Void] = [
            { _ = try model.beginImage(ImageRequest("a"), deadline: nil) },
            { _ = try model.stepImage(id, deadline: nil) },
            { _ = try model.finishImage(id, deadline: nil) },
        ]
        for call in calls {
            guard case .refused(.unsupported, _, _) = failure(of: call) else {
                Issue.record("a model of vectors took a call for an image")
                return
            }
        }
        #expect(try model.vectors(of: ["a"]).count == 1)
    }

    // MARK: - Lies

    private static let brokenModels: [(step: String, deed: String, says: String)] = [
        ("extension", "size", "struct_size is 5"),
        ("extension", "no-step", "step is null"),
        ("info_json", "list", "an array for \"image\", expected an object"),
        ("info_json", "wide", "width is 1048576, expected 0 to 2048"),
        ("info_json", "ragged", "9x0 is no multiple of multiple_of, 8"),
        ("info_json", "divide", "multiple_of is 0"),
    ]

    @Test(arguments: Isolation.allCases, brokenModels.indices)
    func aModelThatLiesIsNotOpened(_ isolation: Isolation, index: Int) {
        let (step, deed, says) = Self.brokenModels[index]
        let failure = failure {
            try openPainter(isolation, config: settings(at: step, do: deed)).close()
        }
        guard case .broken(_, let reason) = failure else {
            Issue.record("\(step) \(deed): \(String(describing: failure))")
            return
        }
        #expect(reason.contains(says), "\(reason)")
    }

    @Test(arguments: Isolation.allCases)
    func aModelThatSaysNothingOfItsImagesMakesThem(_ isolation: Isolation) throws {
        let model = try openPainter(isolation, config: settings(at: "info_json", do: "silent"))
        defer { model.close() }
        #expect(model.description.image?.width == 0)
        #expect(try model.paint(ImageRequest("a")).width == 64)
        #expect(try model.paint(ImageRequest("a", width: 7, height: 5)).height == 5)
    }

    @Test(arguments: Isolation.allCases)
    func aModelWithoutPreviewsSaysSo(_ isolation: Isolation) throws {
        let model = try openPainter(isolation, config: settings(at: "extension", do: "no-preview"))
        defer { model.close() }
        #expect(model.description.image?.previews == false)
        let id = try model.beginImage(ImageRequest("a"), deadline: nil)
        guard
            case .refused(.unsupported, _, _) = failure(of: {
                _ = try model.previewImage(id, deadline: nil)
            })
        else {
            Issue.record("a function that is not there was called")
            return
        }
        #expect(try model.paint(id).width == 64)
    }

    private static let lies: [(step: String, deeds: [String])] = [
        ("begin", ["null", "positive"]),
        ("step", ["back", "beyond", "huge", "positive"]),
        ("preview", ["large", "high", "zero", "channels", "moved", "stride", "positive"]),
        ("preview", ["lazy"]),
        (
            "finish",
            [
                "large", "high", "zero", "tiny", "lazy", "half", "channels", "moved", "stride",
                "positive",
            ]
        ),
    ]

    @Test(arguments: Isolation.allCases, lies.indices)
    func whatCannotBeIsFound(_ isolation: Isolation, index: Int) throws {
        let (step, deeds) = Self.lies[index]
        for deed in deeds {
            let model = try openPainter(isolation, config: settings(at: step, do: deed))
            defer { model.close() }
            guard case .broken(step, _) = failure(of: { try Self.paintWatched(model) }) else {
                Issue.record("\(step) \(deed) was believed")
                continue
            }
        }
    }

    /// What is left out would be black, or somebody else's image.
    @Test(arguments: Isolation.allCases, [("lazy", 0), ("half", 16)])
    func anImageThatIsNotWrittenIsFound(_ isolation: Isolation, _ lie: (deed: String, row: Int))
        throws
    {
        let config = "{\"at\": \"finish\", \"do\": \"\(lie.deed)\", \"when\": \"lazy\"}"
        let model = try openPainter(isolation, config: config)
        defer { model.close() }
        #expect(try model.paint(ImageRequest("a hill")).rgb.contains { $0 != 0 })
        #expect(
            failure { _ = try model.paint(ImageRequest("lazy")) }
                == .broken(
                    step: "finish",
                    reason: "row \(lie.row) of the image was not written, expected all 32"))
    }

    @Test(arguments: Isolation.allCases, [(64, 32), (0, 0)])
    func anImageOfAnotherSizeThanAskedForIsFound(_ isolation: Isolation, _ size: (Int, Int)) throws
    {
        let model = try openPainter(isolation, config: settings(at: "finish", do: "tiny"))
        defer { model.close() }
        let request = ImageRequest("a", width: size.0, height: size.1)
        #expect(
            failure { _ = try model.paint(request) }
                == .broken(step: "finish", reason: "an image of 1x1, expected 64x32"))
    }

    /// A model that does not say how large its images are by themselves may make them of any size.
    @Test(arguments: Isolation.allCases)
    func aNarrowImageIsMade(_ isolation: Isolation) throws {
        let model = try openPainter(isolation, config: settings(at: "info_json", do: "silent"))
        defer { model.close() }
        let image = try model.paint(ImageRequest("a", width: 1, height: 3))
        #expect(image.width == 1 && image.height == 3)
    }

    /// Decoding is a step as well, and there may be as many steps as that.
    @Test(arguments: Isolation.allCases)
    func anImageOfAllStepsThereMayBeIsMade(_ isolation: Isolation) throws {
        let model = try openPainter(isolation, config: settings(at: "step", do: "decodes"))
        defer { model.close() }
        let id = try model.beginImage(ImageRequest("a", steps: 1000), deadline: patience)
        var last = try model.stepImage(id, deadline: patience)
        while !last.done { last = try model.stepImage(id, deadline: patience) }
        #expect(last == JobProgress(done: true, step: 1001, of: 1001))
        #expect(try model.finishImage(id, deadline: patience).width == 64)
    }

    @Test(
        arguments: ["begin", "step", "preview", "finish", "end"],
        ["segv", "exit0", "spam", "shrink", "hang"])
    func aCallThatEndsItsProcessIsReported(_ step: String, deed: String) async throws {
        let found = try await BlockingThread.run("images") {
            let limit = deed == "hang" ? shortPatience : patience
            let model = try openPainter(
                .worker, config: settings(at: step, do: deed), limit: limit)
            defer { model.close() }
            return failure { try Self.paintWatched(model, limit) }
        }
        switch found {
        case .crashed(let death): #expect(death.step == step && deed != "hang")
        case .hung(let at, _, _): #expect(at == step && deed == "hang")
        case nil: #expect(deed == "shrink")
        default: Issue.record("\(String(describing: found))")
        }
    }

    /// An image with every call there is.
    private static func paintWatched(
        _ model: any LoadedModel, _ limit: Duration = patience
    ) throws {
        let id = try model.beginImage(ImageRequest("a"), deadline: limit)
        while try !model.stepImage(id, deadline: limit).done {
            _ = try model.previewImage(id, deadline: limit)
        }
        _ = try model.finishImage(id, deadline: limit)
        try model.endJob(id)
    }

    @Test(arguments: Isolation.allCases)
    func aStepCanBeAskedToStop(_ isolation: Isolation) async throws {
        let found = try await BlockingThread.run("images") {
            let model = try openPainter(isolation, config: settings(at: "step", do: "slow"))
            defer { model.close() }
            let asking = Flag()
            BlockingThread.start("asking") {
                _ = eventually(within: .seconds(3600)) {
                    model.requestCancel()
                    return asking.isSet
                }
            }
            defer { asking.set() }
            return failure { _ = try model.paint(ImageRequest("a")) }
        }
        #expect(found == .refused(code: .cancelled, flags: [], message: "told to stop"))
    }
}
