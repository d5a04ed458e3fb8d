import SearchCollections
import Synchronization

/// Embeds without a model: every word stands for a direction of its own, the same in every run, and
/// a text is the sum of its words. Texts that share words are near each other.
final class HashEmbedder: CollectionEmbedder {
    struct Down: Error, CustomStringConvertible {
        let description = "the model is down"
    }

    private struct State {
        var hash: String
        var isDown = false
        var texts = 0
        /// Passages beyond this many wait for `open`.
        var gate: Int?
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// What the next batch of passages is embedded by, and only that one.
        var passing: String?
    }

    let name: String
    let dimensions: Int
    private let state: Mutex<State>

    init(_ name: String = "hash", dimensions: Int = 64, hash: String = "one", gate: Int? = nil) {
        self.name = name
        self.dimensions = dimensions
        state = Mutex(State(hash: hash, gate: gate))
    }

    /// How many passages have been embedded.
    var texts: Int { state.withLock { $0.texts } }

    /// Gives the model other weights.
    func reload(hash: String) { state.withLock { $0.hash = hash } }

    /// Gives the model other weights for the next batch of passages, and its own back behind it.
    func reloadPassing(hash: String) { state.withLock { $0.passing = hash } }

    func down(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }

    /// Lets everything through that waits.
    func open() {
        let waiting = state.withLock { state in
            state.gate = nil
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    var model: EmbeddingModel {
        get async throws { try model(for: .query) }
    }

    private func model(for purpose: EmbedPurpose) throws -> EmbeddingModel {
        try state.withLock { state in
            guard !state.isDown else { throw Down() }
            var hash = state.hash
            if purpose == .passage, let passing = state.passing.take() { hash = passing }
            return EmbeddingModel(name: name, contentHash: hash, dimensions: dimensions)
        }
    }

    func embed(_ texts: [String], as purpose: EmbedPurpose) async throws -> EmbeddedTexts {
        let model = try model(for: purpose)
        if purpose == .passage { await pass(texts.count) }
        let vectors = try texts.map { text in
            if text.contains("unembeddable") { throw EmbeddingRefused("it says so itself") }
            return Self.vector(text, seed: model.contentHash, dimensions: dimensions)
        }
        return EmbeddedTexts(by: model, vectors)
    }

    private func pass(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let waits = state.withLock { state in
                state.texts += count
                guard let gate = state.gate, state.texts > gate else { return false }
                state.waiting.append(continuation)
                return true
            }
            if !waits { continuation.resume() }
        }
    }

    static func vector(_ text: String, seed: String, dimensions: Int) -> [Float] {
        var sum = [Float](repeating: 0, count: dimensions)
        for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            var random = SplitMix(text: seed + word)
            for index in sum.indices { sum[index] += random.unit() }
        }
        let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? sum.map { $0 / length } : sum
    }
}

/// Steele, Lea and Flood's SplitMix64: the same numbers everywhere.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    init(text: some StringProtocol) {
        state = text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
    }

    /// From -1 to 1.
    mutating func unit() -> Float {
        Float(Int64(bitPattern: next()) >> 40) / Float(1 << 23)
    }
}
