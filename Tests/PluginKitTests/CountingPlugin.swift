import PluginABI
import PluginKit
import Synchronization

/// A plugin without weights, for tests: after token t at position p the logits are `[t, p, 0, a, 0, …]` with
/// the row's adapter a.
/// Some paths and some tokens misbehave.
enum CountingPlugin: Plugin {
    static let id = "org.roost.counting"
    static let version = "1.2.3"
    static let license = "Apache-2.0"
    static let families = ["counting", "tally"]
    static let flags: PluginFlags = [.parallelOpen]

    static func probe(_ request: OpenRequest) throws -> Probe? {
        switch request.path {
        case "missing": throw PluginError(.io, "no file 'missing'")
        case "other": nil
        default: Probe(score: 250, bytesHost: 1000, bytesPerContext: 10, family: "counting")
        }
    }

    static func open(_ request: OpenRequest) throws -> any Model {
        request.host.log(.info, "opening \(request.path)", from: "CountingPlugin")
        request.tell(2, of: 5, "counting")
        switch request.path {
        case "bare": return BareModel()
        case "vectors": return LengthModel(embeds: true)
        case "labels": return LengthModel(embeds: false)
        case "echo": return EchoModel()
        case "stripes": return StripeModel()
        case "strange": throw StrangeError()
        case "services": try useServices(of: request.host)
        case "memory":
            request.host.free(try request.host.allocate(bytes: 64, alignment: 64, tag: .work))
        default: break
        }
        return CountingModel()
    }

    /// Maps a file, works in parallel and asks for a service; what came of it is logged.
    private static func useServices(of host: HostServices) throws {
        let map = try host.map("weights.bin")
        let bytes = UnsafeRawBufferPointer(start: map.ptr, count: Int(map.len))
        host.log(.debug, "mapped \(bytes.reduce(0) { $0 + Int($1) })", from: "CountingPlugin")
        host.unmap(map)
        let squares = Mutex([Int](repeating: 0, count: 5))
        host.parallel(5) { index in squares.withLock { $0[index] = index * index } }
        host.log(.debug, "squares \(squares.withLock { $0 })", from: "CountingPlugin")
    }
}

struct StrangeError: Error, CustomStringConvertible {
    var description: String { "something strange" }
}

/// A model without abilities.
final class BareModel: Model {
    final class Context: ModelContext {}

    let info = ModelInfo()

    func makeContext(_ parameters: ContextParameters, call: Call) throws -> Context {
        Context()
    }
}

/// An adapter that its path counts.
struct CountingAdapter: ModelAdapter {
    let number: Float
    var rank: Int { 3 }
    var bytes: UInt64 { 4 }
}

final class CountingModel: TextModel, AdaptableModel {
    let adapters = LoadedAdapters<CountingAdapter>()

    let info: ModelInfo = {
        var info = ModelInfo(
            name: "a \"name\"\n", architecture: "counting", parameters: 12,
            chatTemplate: "{{ 'ü' }}\u{1}")
        info.toolCalls = .llamaJSON
        info.reasoning = ReasoningMarks(start: "<think>", end: "</think>")
        return info
    }()

    let vocabulary: Vocabulary = {
        var vocabulary = Vocabulary()
        for piece in ["<s>", "</s>", "a", "bc", "", "\u{FF}é"] {
            vocabulary.append(piece.utf8, piece.hasPrefix("<") ? .control : [])
        }
        vocabulary.append([0xFF], .byte)
        vocabulary.append([], .unused)
        vocabulary.bos = 0
        vocabulary.eos = 1
        vocabulary.spacePrefix = true
        return vocabulary
    }()

    func tokenize(
        _ text: String, plain: [Range<Int>], flags: TokenizeFlags, call: Call
    ) throws -> [Int32] {
        let ids = text.utf8.enumerated().map { place, byte in
            plain.contains { $0.contains(place) } ? -Int32(byte) : Int32(byte)
        }
        return (flags.contains(.addSpecial) ? [0] : []) + ids
    }

    func makeContext(_ parameters: ContextParameters, call: Call) throws -> CountingContext {
        CountingContext(parameters, adapters)
    }

    func readAdapter(_ request: AdapterRequest) throws -> CountingAdapter {
        guard let number = Float(request.path), request.configJSON.isEmpty else {
            throw PluginError(.model, "'\(request.path)' is no number")
        }
        return CountingAdapter(number: number)
    }
}

final class CountingContext: DecodeContext, SelfTestingContext {
    static let failing: Int32 = 3
    static let poisonous: Int32 = 4
    static let reentrant: Int32 = 5
    /// Answers differently each time.
    static let unsteady: Int32 = 6

    let capabilities: DecodeCapabilities
    /// Called by the token `reentrant`.
    nonisolated(unsafe) static var reenter: (() -> Void)?

    private let adapters: LoadedAdapters<CountingAdapter>
    private var lengths: [Int]
    private var calls = 0

    init(_ parameters: ContextParameters, _ adapters: LoadedAdapters<CountingAdapter>) {
        self.adapters = adapters
        lengths = Array(repeating: 0, count: parameters.sequences)
        capabilities = DecodeCapabilities(
            flags: [.fork, .truncateAny, .batchInvariant], vocabularySize: 8,
            contextLength: parameters.contextLength ?? 16, sequences: parameters.sequences,
            batchSize: parameters.batchSize ?? 4)
    }

    func forward(_ batch: Batch, into rows: Rows, call: Call) throws {
        try misbehave(batch.tokens[0])
        let numbers = try batch.adapters?.map { try $0 == 0 ? 0 : adapters.adapter($0).number }
        calls += 1
        for (row, index) in batch.wanted.enumerated() {
            let token = batch.tokens[index]
            rows[row].update(repeating: 0)
            rows[row][0] = Float(token)
            rows[row][1] = Float(batch.positions[index])
            rows[row][3] = numbers?[index] ?? 0
            rows[row][2] = token == Self.unsteady ? Float(calls) : 0
        }
        batch.sequences.forEach { lengths[$0] += 1 }
    }

    private func misbehave(_ token: Int32) throws {
        switch token {
        case Self.failing: throw PluginError(.model, "no weights", flags: [.retryable])
        case Self.poisonous: throw PluginError(.internal, "all lost", flags: [.modelPoisoned])
        case Self.reentrant: Self.reenter?()
        default: break
        }
    }

    func length(of sequence: Int) -> Int { lengths[sequence] }
    func clear(_ sequence: Int) { lengths[sequence] = 0 }
    func truncate(_ sequence: Int, to length: Int) { lengths[sequence] = length }
    func fork(_ source: Int, to destination: Int, length: Int) { lengths[destination] = length }

    func selfTest(within limit: Duration, call: Call) throws -> SelfTestReport {
        let tokens: [Int32] = limit == .zero ? [Self.unsteady, Self.unsteady] : [1, 2, 1]
        return try DecodeSelfTest(self, tokens: tokens, call: call).run(within: .seconds(5))
    }
}
