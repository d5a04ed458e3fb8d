import Glibc
import PluginHost
import Testing

/// Messages between host and worker: what is written is read again, and nothing else crashes.
@Suite struct WireTests {
    @Test func everyCallHasANumberOfItsOwn() {
        let steps = CallStep.calls.map { type(of: $0).step }
        #expect(Set(steps).count == steps.count)
    }

    @Test func everyCallIsReadAsItWasWritten() throws {
        for call in CallStep.calls {
            let messages = Messages.calls[type(of: call).step] ?? []
            #expect(!messages.isEmpty, "no message of \(call)")
            for message in messages { #expect(try Self.rewritten(message, as: call) == message) }
        }
    }

    private static func rewritten(_ payload: [UInt8], as call: any WorkerCall) throws -> [UInt8] {
        func timed<Call: ModelCall>(_ call: Call) throws -> [UInt8] {
            let (again, deadline) = try call.readTimed(payload)
            return again.payload(until: deadline)
        }
        if let call = call as? any ModelCall { return try timed(call) }
        return try call.read(payload).payload
    }

    @Test func everyAnswerIsReadAsItWasWritten() throws {
        for call in CallStep.calls {
            for answer in Messages.answers[type(of: call).step] ?? [[]] {
                #expect(try Self.rewritten(answer, asAnswerTo: call) == answer, "\(call)")
            }
        }
        for failure in Messages.failures {
            let message = try FailureMessage().read(FailureMessage(failure).payload)
            #expect(try message.failure() == failure)
        }
    }

    private static func rewritten<Call: WorkerCall>(
        _ answer: [UInt8], asAnswerTo call: Call
    ) throws -> [UInt8] {
        Call.payload(of: try Call.answer(answer))
    }

    @Test func whatAModelSaysOfItselfIsReadAsItWasWritten() throws {
        let description = Messages.description
        #expect(try ModelDescription().read(description.payload) == description)
        let vocabulary = Messages.vocabulary
        #expect(try Vocabulary().read(vocabulary.payload) == vocabulary)
    }

    @Test func rangesThatDoNotAscendAreNotRead() throws {
        let call = try #require(CallStep.calls.compactMap { $0 as? TokenizeCall }.first)
        let message = written("abcd", TokenizeFlags.parseSpecial, Optional([2, 4, 0, 1]))
        #expect(throws: WireError.value("ranges of a text that do not ascend")) {
            try call.read(message)
        }
    }

    @Test func aFrameOfNoKindIsRefused() {
        var bytes = Frame(kind: .call, step: .forward, call: 1, payload: []).bytes
        bytes[4] = 9
        #expect(throws: WireError.unknownKind(9)) { try Frame.Header(bytes) }
        bytes[4] = 1
        bytes[7] = 4
        let number = UInt16(CallStep.forward.rawValue) + 1024
        #expect(throws: WireError.unknownCall(number)) { try Frame.Header(bytes) }
    }

    @Test func anotherProtocolIsNamedWithBothNumbers() {
        var other = Hello()
        other.version = 99
        let error = #expect(throws: WireError.self) { try Hello().read(other.payload) }
        let names = "protocol 99, this one \(Hello.protocolVersion)"
        #expect(error?.description.contains(names) == true)
        other = Hello()
        other.toolchain = "swift 1.0"
        #expect(throws: WireError.self) { try Hello().read(other.payload) }
    }

    /// An empty text takes four bytes of a message and sixteen of the reader's memory.
    @Test func aListOfNothingIsNotReadForLong() {
        let most = Array(repeating: "", count: 1 << 16)
        #expect(throws: Never.self) { try [String]().read(most.payload) }
        #expect(throws: WireError.value("65537 elements, expected at most 65536")) {
            try [String]().read((most + [""]).payload)
        }
        let progress = JobProgress(events: Array(repeating: [], count: 70_000), done: true)
        #expect(throws: WireError.value("70000 elements, expected at most 65536")) {
            try AdvanceTaskCall.answer(AdvanceTaskCall.payload(of: progress))
        }
    }

    @Test func aDurationThatCannotBeIsRefused() {
        let message = written(Int64(1), Int64.min)
        #expect(throws: WireError.self) { try Duration().read(message) }
    }

    /// What a failure quotes may be long; its answer is not.
    @Test func aFailuresWordsAreCut() throws {
        let long = ModelFailure.broken(
            step: "advance", reason: String(repeating: "é", count: 100_000))
        let read = try FailureMessage().read(FailureMessage(long).payload).failure()
        guard case .broken("advance", let reason) = read else {
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

    private static let readers: [@Sendable ([UInt8]) throws -> Void] =
        CallStep.calls.flatMap { call -> [@Sendable ([UInt8]) throws -> Void] in
            [{ _ = try rewritten($0, as: call) }, { _ = try rewritten($0, asAnswerTo: call) }]
        } + [{ _ = try FailureMessage().read($0).failure() }, { _ = try Frame.Header($0) }]

    @Test(arguments: 0..<8)
    func damagedMessagesAreErrorsInEveryReader(_ seed: Int) {
        var random = SplitMix(UInt64(seed))
        var refused = 0
        for _ in 0..<2000 {
            var bytes = random.element(of: Messages.all)
            random.damage(&bytes)
            for reader in Self.readers {
                do { try reader(bytes) } catch { refused += 1 }
            }
        }
        // Nearly all combinations are nonsense; that some pass is why values are checked as well.
        #expect(refused > 2000 * Self.readers.count * 3 / 4)
    }

    @Test(arguments: 0..<8)
    func aWorkerThatIsSentNonsenseNeverCrashes(_ seed: Int) throws {
        var random = SplitMix(UInt64(100 + seed))
        for _ in 0..<6 {
            let worker = try WorkerProcess(testOptions().worker, name: "fuzz", log: { _ in })
            let channel = random.next() % 2 == 0 ? worker.control : worker.lane
            for _ in 0..<8 {
                var payload = random.element(of: Messages.all)
                if random.next() % 3 != 0 { random.damage(&payload) }
                let step = random.element(of: CallStep.allCases)
                // A library that is attached for real is another test's.
                guard step != .open, step != .probe else { continue }
                try? channel.send(Frame(kind: .call, step: step, call: 1, payload: payload))
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

    /// The lane's calls are no others' business: a forward beside them would meet them in the context.
    @Test func aCallOnTheWrongConnectionEndsTheWorker() throws {
        let worker = try WorkerProcess(testOptions().worker, name: "wrong", log: { _ in })
        let payload = try #require(Messages.calls[.forward]?.first)
        try worker.control.send(Frame(kind: .call, step: .forward, call: 1, payload: payload))
        guard case .crashed(let death) = worker.waitForEnd(atMost: patience) else {
            Issue.record("the worker goes on")
            return
        }
        #expect(death.cause == .exit(70) && death.stderr.contains("a call of unknown number"))
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

    mutating func element<Element>(of elements: [Element]) -> Element {
        elements[Int(next() % UInt64(elements.count))]
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
