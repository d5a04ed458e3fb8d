/// A model inside the host: calls cost nothing, and a plugin's crash is the host's.
final class InProcessModel: LoadedModel, @unchecked Sendable {
    private let instance: ModelInstance
    private let cancelWord: UnsafeMutablePointer<Int32>
    private let lane = Monitor(Lane())
    private let host: HostSide
    private let open = Monitor(Calls())
    private let refusal = Monitor<(@Sendable (ModelFailure) -> Void)?>(nil)

    private struct Lane {
        var number: UInt32 = 0
        var isUnderWay = false
    }

    private struct Calls {
        var count = 0
        var closed = false
    }

    var description: ModelDescription { instance.description }
    var vocabulary: Vocabulary? { instance.vocabulary }

    init(_ library: PluginLibrary, _ request: OpenRequest) throws {
        instance = try ModelInstance(
            library, request, probe: try library.probe(request, trace: .none), trace: .none)
        host = HostSide(instance.description, instance.vocabulary, GrowingMemory())
        cancelWord = .allocate(capacity: 1)
        cancelWord.initialize(to: 0)
    }

    deinit {
        close()
        cancelWord.deallocate()
    }

    func call<Call: ModelCall>(_ call: Call, deadline: Duration?) throws -> Call.Result {
        try begin()
        defer { end() }
        do {
            try call.check(on: host)
            let accompaniment = Call.isLane ? beginLane(deadline) : LaneCall()
            defer { if Call.isLane { lane.withLock { $0.isUnderWay = false } } }
            let plugin = PluginSide(model: instance, memory: host.memory, call: accompaniment)
            return try call.result(try call.perform(on: plugin), on: host)
        } catch let failure as ModelFailure {
            if failure.isPluginsFault { refusal.withLock { $0 }?(failure) }
            throw failure
        }
    }

    private func beginLane(_ deadline: Duration?) -> LaneCall {
        let number = lane.withLock { lane in
            lane.isUnderWay = true
            lane.number &+= 1
            return lane.number
        }
        let word = CancelWord(cancelWord)
        word.keepBehind(number)
        return LaneCall(cancel: word.of(number), deadline: deadline.map { .now + $0 })
    }

    private func begin() throws {
        try open.withLock { calls in
            guard !calls.closed else {
                throw ModelFailure.unavailable(reason: "the model is closed", retryAfter: nil)
            }
            calls.count += 1
        }
    }

    private func end() {
        let isLast = open.withLock { calls in
            calls.count -= 1
            return calls.closed && calls.count == 0
        }
        if isLast { instance.close(trace: .none) }
    }

    func requestCancel() {
        // The lock keeps the call from ending meanwhile.
        lane.withLock { lane in
            if lane.isUnderWay { CancelWord(cancelWord).cancel(lane.number) }
        }
    }

    func onRefusal(_ handler: @escaping @Sendable (ModelFailure) -> Void) {
        refusal.withLock { $0 = handler }
    }

    /// How long calls in flight are waited for.
    private static let patience = Duration.seconds(10)

    /// Waits for calls in flight, but not forever: nothing can stop a plugin inside this process.
    /// If it gives up, the last call closes the model, if it ever ends.
    func close() {
        let isFirst = open.wait(atMost: Self.patience) { calls -> Bool? in
            if calls.closed { return false }
            if calls.count > 0 { return nil }
            calls.closed = true
            return true
        }
        let closes =
            isFirst
            ?? open.withLock { calls in
                if calls.closed { return false }
                calls.closed = true
                return calls.count == 0
            }
        if closes { instance.close(trace: .none) }
    }
}

/// The plugins that this process has attached: each image once, until the process ends.
final class InProcessLibraries: Sendable {
    static let shared = InProcessLibraries()

    private let attached = Monitor<[String: PluginLibrary]>([:])
    private let loader = SerialThread("roost-attach")

    /// The library at a staged path, attached now if it was not.
    func library(_ path: String, log: @escaping LogHandler) throws -> PluginLibrary {
        try loader.run { [attached] in
            if let library = attached.withLock({ $0[path] }) { return library }
            let plugin = try PluginImage(path, trace: .none).query(.inProcess, trace: .none)
            let library = try PluginLibrary(plugin, trace: .none, log: log)
            attached.withLock { $0[path] = library }
            return library
        }
    }
}
