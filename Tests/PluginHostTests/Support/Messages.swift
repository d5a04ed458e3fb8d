import JSON
import PluginHost
import Synchronization

/// The payload of values, one after the other.
func written(_ values: any WireMessage...) -> [UInt8] {
    values.flatMap { $0.payload }
}

/// Messages of every kind, with something in every member.
enum Messages {
    /// The payloads of calls; those of a model as its callers make them.
    static let calls: [CallStep: [[UInt8]]] = {
        let request = OpenRequest(
            path: "a b", configJSON: "{}", sequences: 3, contextLength: 4, batchSize: 5,
            budgetBytes: .max)
        let loading: [CallStep: [[UInt8]]] = [
            .start: [Hello().payload], .library: [written("/é")], .query: [[]], .attach: [[]],
            .probe: [request.payload], .open: [request.payload], .vocabulary: [[]],
            .map: [written(UInt64(1 << 33))], .close: [[]],
        ]
        return loading.merging(CallRecorder.messages()) { $1 }
    }()

    /// The payloads of answers that say more than that all went well.
    static let answers: [CallStep: [[UInt8]]] = {
        let place = written(2, 3, 6)
        let progress = JobProgress(events: [[1], []], done: false, step: 2, of: 3)
        var report = SelfTestReport()
        report.json = [1, 2]
        return [
            .start: [Hello().payload],
            .attach: [written("id", "1", "MIT", "c", ["llama", "mistral"])],
            .probe: [written(90, "llama", UInt64.max, UInt64(8))],
            .open: [description.payload],
            .vocabulary: [[0], Optional(vocabulary).payload],
            .tokenize: [TokenizeCall.payload(of: [1, 2, 3])],
            .length: [SequenceLengthCall.payload(of: 5)],
            .embedTokenize: [EmbedTokenizeCall.payload(of: [[1, 2], []])],
            .countTokens: [CountTokensCall.payload(of: [TokenCount(whole: 7, read: 5)])],
            .scorePairs: [ScoreCall.payload(of: [1.5, .infinity])],
            .loadAdapter: [LoadAdapterCall.payload(of: AdapterDescription(rank: 8, bytes: 9))],
            .advanceTask: [AdvanceTaskCall.payload(of: progress)],
            .stepImage: [
                StepImageCall.payload(of: JobProgress(done: true, step: 2, of: 3)),
                StepImageCall.payload(of: JobProgress(done: false, step: 2)),
            ],
            .previewImage: [place], .finishImage: [place],
            .selfTest: [[0], SelfTestCall.payload(of: report)],
        ]
    }()

    static let failures: [ModelFailure] = [
        .refused(code: .busy, flags: [.retryable, .sequencesLost], message: "später"),
        .load(stage: .context, reason: "no"), .broken(step: "forward", reason: ""),
    ]

    static let all: [[UInt8]] =
        calls.values.flatMap { $0 } + answers.values.flatMap { $0 }
        + failures.map { FailureMessage($0).payload }
        + [Frame(kind: .call, step: .open, call: 1, payload: []).bytes]

    static let vocabulary = Vocabulary(
        bytes: [1, 2, 3], offsets: [0, 2, 2, 3], attributes: [[], .control, .end], bos: 0, eos: 2,
        spacePrefix: true)

    static let description = ModelDescription(
        pluginID: "org.example.x", pluginVersion: "1.2", pluginLicense: "MIT", toolchain: "c",
        family: "llama", infoJSON: Array("{}".utf8), extensions: ["a/1", "roost.text.adapters/1"],
        decode: DecodeCapabilities(
            flags: [.fork], vocabularySize: 5, contextLength: 6, sequences: 7, batchSize: 8),
        encoder: EncoderCapabilities(decoderStart: 4),
        vectors: VectorCapabilities(
            dimensions: 3, labels: ["a", "ß"], maxTokens: 9, scoresPairs: true, tokenizes: true,
            embedsTokens: true, classifiesPairs: true, countsTokens: true),
        image: images,
        tasks: [
            TaskDescription(name: "t", inputSchema: ["type": "string"], eventSchema: true),
            TaskDescription(name: "u"),
        ], bytesHost: 9, bytesPerContext: 10)

    private static let images: ImageCapabilities = {
        var images = ImageCapabilities()
        (images.width, images.height, images.steps, images.guidance) = (16, 8, 4, 1.5)
        (images.multipleOf, images.schedulers, images.scheduler) = (8, ["a", "ß"], "a")
        images.maxTokens = 77
        images.previews = true
        return images
    }()
}

/// A model that writes its calls down and answers none.
private final class CallRecorder: LoadedModel {
    private struct Recorded: Error {}

    let description = Messages.description
    let vocabulary: Vocabulary? = Messages.vocabulary
    private let recorded = Mutex<[CallStep: [[UInt8]]]>([:])

    /// Everything that a model is asked.
    static func messages() -> [CallStep: [[UInt8]]] {
        let model = CallRecorder()
        model.askForText()
        model.askForVectors()
        model.askForTasksAndImages()
        _ = try? model.selfTest(limit: .milliseconds(1500))
        return model.recorded.withLock { $0 }
    }

    func call<Call: ModelCall>(_ call: Call, deadline: Duration?) throws -> Call.Result {
        let until = deadline.map { _ in MonotonicTime(nanoseconds: 5) }
        recorded.withLock { $0[Call.step, default: []].append(call.payload(until: until)) }
        throw Recorded()
    }

    private func askForText() {
        _ = try? tokenize("é\u{0}", addSpecial: true, parseSpecial: false)
        _ = try? tokenize(mixed: "a<e>", plain: [0..<1, 2..<4])
        let batch = Batch(
            tokens: [1, 2], sequences: [0, 1], positions: [3, 4], wants: [true, false],
            adapters: [0, 7])
        _ = try? forward(batch, deadline: .seconds(1))
        try? encode([7, 8], into: 3, deadline: nil)
        _ = try? sequenceLength(1)
        try? clear(2)
        try? truncate(1, to: 3)
        try? fork(1, to: 2, length: 3)
        _ = try? loadAdapter(AdapterSource(path: "a", configJSON: "{}"), as: 7)
        try? unloadAdapter(7)
    }

    private func askForVectors() {
        _ = try? embeddingTokens(of: ["é", ""], flags: .query)
        _ = try? countTokens(of: ["a"], with: .query("q"), flags: .query)
        _ = try? countTokens(of: ["a"], with: .pairs(["b"]), flags: [])
        _ = try? countTokens(of: [], with: .none, flags: [])
        _ = try? embed(.texts(["a", "b"]), flags: [], deadline: nil)
        _ = try? embed(.tokens([[1, 2], [3]]), flags: .passage, deadline: .seconds(1))
        _ = try? scores(query: "q", documents: ["a"], deadline: nil)
        _ = try? classify(["a"], deadline: nil)
        _ = try? classify(["a"], pairs: ["b"], deadline: nil)
    }

    private func askForTasksAndImages() {
        _ = try? beginTask("t", input: [1, 2], deadline: nil)
        _ = try? advanceTask(JobID(rawValue: 4), for: .milliseconds(5), deadline: nil)
        try? endJob(JobID(rawValue: 4))
        var request = ImageRequest(prompt: "é")
        (request.negativePrompt, request.width, request.height) = ("n", 2, 1)
        (request.steps, request.seed, request.guidance) = (3, .max, 2)
        request.extraJSON = "{}"
        let image = RGBImage(width: 2, height: 1, rgb: [1, 2, 3, 4, 5, 6])
        request.initial = .init(image: image, strength: 0.5)
        _ = try? beginImage(request, deadline: nil)
        let id = JobID(rawValue: 4)
        _ = try? stepImage(id, deadline: nil)
        _ = try? previewImage(id, deadline: nil)
        _ = try? finishImage(id, deadline: nil)
        try? endJob(id)
    }

    func requestCancel() {}
    func close() {}
}
