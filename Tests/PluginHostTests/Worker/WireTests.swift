import Glibc
import PluginHost
import Testing

/// Messages between host and worker: what is written is read again, and nothing else crashes.
@Suite struct WireTests {
    private static let images: ImageCapabilities = {
        var images = ImageCapabilities()
        (images.width, images.height, images.steps, images.guidance) = (16, 8, 4, 1.5)
        (images.multipleOf, images.schedulers, images.scheduler) = (8, ["a", "ß"], "a")
        images.maxTokens = 77
        return images
    }()
    private static let imageCalls: [[UInt8]] = {
        var request = ImageRequest(prompt: "é")
        (request.negative, request.width, request.height) = ("n", 2, 1)
        (request.steps, request.seed, request.guidance) = (3, .max, 2)
        let picture = Picture(width: 2, height: 1, rgb: [1, 2, 3, 4, 5, 6])
        request.initial = .init(picture: picture, strength: 0.5)
        return [
            BeginImageCall(request: request, deadline: MonotonicTime(nanoseconds: 3)).payload,
            ImageCall(id: ImageID(rawValue: 4), deadline: nil).payload,
            ImageProgress(done: true, step: 2, of: 3).payload,
        ]
    }()
    private static let description = ModelDescription(
        pluginID: "org.example.x", pluginVersion: "1.2", pluginLicense: "MIT", toolchain: "c",
        family: "llama", infoJSON: Array("{}".utf8), extensions: ["a/1", "b/1"],
        decode: DecodeCapabilities(
            flags: [.fork], vocabularySize: 5, contextLength: 6, sequences: 7, batchSize: 8),
        encoder: EncoderCapabilities(decoderStart: 4),
        vectors: VectorCapabilities(
            dimensions: 3, labels: ["a", "ß"], maxTokens: 9, scoresPairs: true, tokenizes: true,
            classifiesPairs: true, countsTokens: true),
        image: images, tasks: ["t", "u"], bytesHost: 9, bytesPerContext: 10)
    private static let vectorCalls: [[UInt8]] = [
        EmbedTokenizeCall(texts: ["é", ""], flags: .query).payload,
        EmbedCall(batch: .texts(["a", "b"]), flags: [], deadline: nil).payload,
        EmbedCall(batch: .tokens([[1, 2], [3]]), flags: .passage, deadline: nil).payload,
        TextsCall(query: "q", texts: ["a"], deadline: MonotonicTime(nanoseconds: 3)).payload,
        BeginTaskCall(name: "t", input: [1, 2], deadline: nil).payload,
        AdvanceTaskCall(id: TaskID(rawValue: 4), limit: .milliseconds(5), deadline: nil).payload,
        TaskProgress(events: [[1], []], done: false, step: 2, of: 3).payload,
        CountTokensCall(texts: ["a"], companions: .query("q"), flags: .query).payload,
        CountTokensCall(texts: ["a"], companions: .pairs(["b"]), flags: []).payload,
        CountTokensCall(texts: [], companions: .none, flags: []).payload,
        [TokenCount(whole: 7, read: 5)].payload,
        TextsCall(texts: ["a"], pairs: ["b"], deadline: nil).payload,
    ]
    private static let vocabulary = Vocabulary(
        bytes: [1, 2, 3], offsets: [0, 2, 2, 3], attributes: [[], .control, .end], bos: 0, eos: 2,
        spacePrefix: true)
    private static let batch = Batch(
        tokens: [1, 2], sequences: [0, 1], positions: [3, 4], wants: [true, false])
    private static let failures: [ModelFailure] = [
        .refused(code: .busy, flags: [.retryable, .sequencesLost], message: "später"),
        .load(stage: .context, reason: "no"), .broken(step: "forward", reason: ""),
    ]

    @Test func everyMessageIsReadAsItWasWritten() throws {
        #expect(try Hello(Hello(process: 7).payload) == Hello(process: 7))
        var request = OpenRequest(path: "a b", configJSON: "{}", sequences: 3)
        request.contextLength = 4
        request.batchSize = 5
        request.budgetBytes = .max
        #expect(try OpenRequest(request.payload) == request)
        #expect(try Text(Text("/x.so").payload) == Text("/x.so"))
        let text = TokenizeCall(text: "é\u{0}", addSpecial: true, parseSpecial: false)
        #expect(try TokenizeCall(text.payload) == text)
        let mixed = TokenizeCall(mixed: "a<e>", plain: [0..<1, 2..<4])
        #expect(try TokenizeCall(mixed.payload) == mixed)
        var back = mixed
        back.plain = [2..<4, 0..<1]
        #expect(throws: WireError.self) { try TokenizeCall(back.payload) }
        let forward = ForwardCall(batch: Self.batch, deadline: MonotonicTime(nanoseconds: 5))
        #expect(try ForwardCall(forward.payload) == forward)
        let encode = EncodeCall(
            source: [7, 8], sequence: 3, deadline: MonotonicTime(nanoseconds: 5))
        #expect(try EncodeCall(encode.payload) == encode)
        let sequence = SequenceCall(1, other: 2, length: 3)
        #expect(try SequenceCall(sequence.payload) == sequence)
        #expect(try ModelDescription(Self.description.payload) == Self.description)
        #expect(try Vocabulary.read(Vocabulary.payload(Self.vocabulary)) == Self.vocabulary)
        #expect(try Vocabulary.read(Vocabulary.payload(nil)) == nil)
        #expect(try EmbedTokenizeCall(Self.vectorCalls[0]).payload == Self.vectorCalls[0])
        for call in Self.vectorCalls[1...2] {
            #expect(try EmbedCall(call).payload == call)
        }
        #expect(try EmbedCall(Self.vectorCalls[2]).batch == .tokens([[1, 2], [3]]))
        #expect(try TextsCall(Self.vectorCalls[3]).deadline == MonotonicTime(nanoseconds: 3))
        #expect(try BeginTaskCall(Self.vectorCalls[4]).input == [1, 2])
        #expect(try AdvanceTaskCall(Self.vectorCalls[5]).limit == .milliseconds(5))
        let progress = TaskProgress(events: [[1], []], done: false, step: 2, of: 3)
        #expect(try TaskProgress(Self.vectorCalls[6]) == progress)
        for call in Self.vectorCalls[7...9] { #expect(try CountTokensCall(call).payload == call) }
        let counts = [TokenCount(whole: 7, read: 5)]
        #expect(try [TokenCount](payload: Self.vectorCalls[10]) == counts)
        #expect(try TextsCall(Self.vectorCalls[11]).pairs == ["b"])
        let begin = try BeginImageCall(Self.imageCalls[0])
        #expect(begin.payload == Self.imageCalls[0] && begin.request.seed == .max)
        #expect(begin.request.initial?.picture.rgb == [1, 2, 3, 4, 5, 6])
        #expect(try ImageCall(Self.imageCalls[1]).id == ImageID(rawValue: 4))
        let image = ImageProgress(done: true, step: 2, of: 3)
        #expect(try ImageProgress(Self.imageCalls[2]) == image)
        for failure in Self.failures { #expect(try ModelFailure(failure.payload) == failure) }
    }

    @Test func anotherProtocolIsNamedWithBothNumbers() {
        var other = Hello(process: 1)
        other.version = 99
        let error = #expect(throws: WireError.self) { try Hello(other.payload) }
        let names = "protocol 99, this one \(Hello.protocolVersion)"
        #expect(error?.description.contains(names) == true)
        other = Hello(process: 1)
        other.toolchain = "swift 1.0"
        #expect(throws: WireError.self) { try Hello(other.payload) }
    }

    /// An empty text takes four bytes of a message and sixteen of the reader's memory.
    @Test func aListOfNothingIsNotReadForLong() {
        var description = Self.description
        description.vectors?.labels = Array(repeating: "", count: 1 << 16)
        #expect(throws: Never.self) { try ModelDescription(description.payload) }
        description.vectors?.labels.append("")
        #expect(throws: WireError.value("65537 elements, expected at most 65536")) {
            try ModelDescription(description.payload)
        }
        let progress = TaskProgress(events: Array(repeating: [], count: 70_000), done: true)
        #expect(throws: WireError.value("70000 elements, expected at most 65536")) {
            try TaskProgress(progress.payload)
        }
    }

    @Test func aDurationThatCannotBeIsRefused() {
        var payload = AdvanceTaskCall(
            id: TaskID(rawValue: 1), limit: .seconds(1), deadline: nil
        ).payload
        payload.replaceSubrange(12..<20, with: [0, 0, 0, 0, 0, 0, 0, 0x80])
        #expect(throws: WireError.self) { try AdvanceTaskCall(payload) }
    }

    /// What a failure quotes may be long; its answer is not.
    @Test func aFailuresWordsAreCut() throws {
        let long = ModelFailure.broken(
            step: "advance", reason: String(repeating: "é", count: 100_000))
        guard case .broken("advance", let reason) = try ModelFailure(long.payload) else {
            Issue.record("another failure")
            return
        }
        #expect(reason.utf8.count <= 8195 && reason.hasPrefix("éé"))
    }

    /// A message of which half has come is not kept for a model that rests.
    @Test func halfAMessageIsLetGo() throws {
        let ends = try Descriptor.socketPair()
        let host = FrameChannel(ends.host)
        let bytes = Frame(kind: .answer, call: 1, payload: [UInt8](repeating: 7, count: 8 << 20))
            .bytes.dropLast()
        BlockingThread.start("half") {
            var rest = bytes[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes {
                    send(ends.worker.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard sent > 0 else { break }
                rest = rest.dropFirst(sent)
            }
            shutdown(ends.worker.number, Int32(SHUT_WR))
        }
        #expect(throws: WireError.closed) { try host.receive(deadline: .now + patience) }
        #expect(host.kept < 1 << 17)
    }

    private static let readers: [@Sendable ([UInt8]) throws -> Void] = [
        { _ = try Hello($0) }, { _ = try OpenRequest($0) }, { _ = try TokenizeCall($0) },
        { _ = try ForwardCall($0) }, { _ = try SequenceCall($0) }, { _ = try Number($0) },
        { _ = try ModelDescription($0) }, { _ = try Vocabulary.read($0) },
        { _ = try ModelFailure($0) },
        { _ = try EmbedTokenizeCall($0) }, { _ = try EmbedCall($0) }, { _ = try TextsCall($0) },
        { _ = try CountTokensCall($0) }, { _ = try [TokenCount](payload: $0) },
        { _ = try BeginTaskCall($0) }, { _ = try AdvanceTaskCall($0) },
        { _ = try TaskProgress($0) },
        { _ = try BeginImageCall($0) }, { _ = try ImageCall($0) }, { _ = try ImageProgress($0) },
        { _ = try PicturePlace($0) },
        { _ = try Probe($0) }, { _ = try Frame.Header($0[...]) },
    ]
    private static let messages: [[UInt8]] =
        [
            Hello(process: 7).payload,
            OpenRequest(path: "s").payload,
            TokenizeCall(text: "text", addSpecial: true, parseSpecial: true).payload,
            ForwardCall(batch: batch, deadline: nil).payload, SequenceCall(1).payload,
            description.payload, Vocabulary.payload(vocabulary),
            Frame(kind: .load, call: 1, payload: []).bytes,
        ] + failures.map(\.payload) + vectorCalls + imageCalls

    @Test(arguments: 0..<8)
    func damagedMessagesAreErrorsInEveryReader(_ seed: Int) {
        var random = SplitMix(UInt64(seed))
        var refused = 0
        for _ in 0..<4000 {
            var bytes = Self.messages[Int(random.next() % UInt64(Self.messages.count))]
            random.damage(&bytes)
            for reader in Self.readers {
                do { try reader(bytes) } catch { refused += 1 }
            }
        }
        // Nearly all combinations are nonsense; that some pass is why values are checked as well.
        #expect(refused > 30_000)
    }

    @Test(arguments: 0..<8)
    func aWorkerThatIsSentNonsenseNeverCrashes(_ seed: Int) throws {
        var random = SplitMix(UInt64(100 + seed))
        for _ in 0..<6 {
            let worker = try WorkerProcess(testOptions().worker, name: "fuzz", log: { _ in })
            let channel = random.next() % 2 == 0 ? worker.control : worker.lane
            for _ in 0..<8 {
                var payload = Self.messages[Int(random.next() % UInt64(Self.messages.count))]
                if random.next() % 3 != 0 { random.damage(&payload) }
                let kind = Frame.Kind.allCases[
                    Int(random.next() % UInt64(Frame.Kind.allCases.count))]
                // A library that is attached for real is another test's.
                guard kind != .load, kind != .probe else { continue }
                try? channel.send(Frame(kind: kind, call: 1, payload: payload))
            }
            channel.shutDown()
            let end = worker.waitForEnd(atMost: patience)
            switch end {
            case .crashed(let death):
                // SIGKILL is the host's own, to whom the shut connection looks like foul play.
                #expect([.exit(0), .exit(70), .signal(SIGKILL)].contains(death.cause), "\(death)")
            default: Issue.record("\(String(describing: end))")
            }
        }
    }

    @Test(arguments: 0..<8)
    func aHostThatIsSentNonsenseGetsAnError(_ seed: Int) throws {
        var random = SplitMix(UInt64(200 + seed))
        for _ in 0..<200 {
            let ends = try Descriptor.socketPair()
            let host = FrameChannel(ends.host)
            var bytes = Frame(kind: .answer, call: 3, payload: [1, 2, 3, 4]).bytes
            random.damage(&bytes)
            _ = bytes.withUnsafeBytes { send(ends.worker.number, $0.baseAddress, $0.count, 0) }
            shutdown(ends.worker.number, Int32(SHUT_WR))
            do {
                let frame = try host.receive(deadline: .now + patience)
                #expect(frame.payload.count <= bytes.count)
            } catch {
                #expect(error is WireError)
            }
        }
    }

    @Test func aFrameArrivesInAnyPieces() throws {
        let ends = try Descriptor.socketPair()
        let host = FrameChannel(ends.host)
        let frames = [[], [7], [UInt8](repeating: 9, count: 100_000)].enumerated().map {
            Frame(kind: .answer, call: UInt32($0), payload: $1)
        }
        BlockingThread.start("pieces") {
            var bytes = frames.flatMap(\.bytes)[...]
            while !bytes.isEmpty {
                let piece = Array(bytes.prefix(bytes.count > 90_000 ? 977 : 65_000))
                _ = piece.withUnsafeBytes { send(ends.worker.number, $0.baseAddress, $0.count, 0) }
                bytes = bytes.dropFirst(piece.count)
            }
        }
        for frame in frames { #expect(try host.receive(deadline: .now + patience) == frame) }
        #expect(throws: DeadlinePassed.self) { try host.receive(deadline: .now + .milliseconds(5)) }
    }
}

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    /// Flips, cuts, repeats or inserts a few bytes.
    mutating func damage(_ bytes: inout [UInt8]) {
        for _ in 0...(next() % 4) where !bytes.isEmpty {
            let place = Int(next() % UInt64(bytes.count))
            switch next() % 4 {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
            case 1: bytes.removeLast(bytes.count - place)
            case 2: bytes.insert(UInt8(truncatingIfNeeded: next()), at: place)
            default: bytes.append(contentsOf: bytes[place...].prefix(16))
            }
        }
    }
}
