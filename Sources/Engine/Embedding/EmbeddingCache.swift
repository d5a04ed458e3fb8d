import PluginHost
import Synchronization

/// Embeddings computed earlier; the least recently used are evicted first.
///
/// Each engine has one, and lives as long as its revision of the model: results of other weights
/// are never found.
final class EmbeddingCache: Sendable {
    struct Key: Hashable {
        let flags: EmbedFlags
        let input: EmbeddingInput
    }

    fileprivate struct Storage {
        var entries: [Key: Int] = [:]
        var slots: [Slot] = []
        var free: [Int] = []
        /// The ends of the list of slots by use.
        var newest: Int?
        var oldest: Int?
        var bytes = 0
        var hits = 0
        var misses = 0
    }

    fileprivate struct Slot {
        var key: Key
        var answer: EmbeddingJob.Answer
        var newer: Int?
        var older: Int?
    }

    private let limit: Int
    private let storage = Mutex(Storage())

    /// - Parameter limit: bytes of texts and embeddings; 0 keeps none.
    init(limit: Int) {
        self.limit = limit
    }

    func answer(for key: Key?) -> EmbeddingJob.Answer? {
        guard limit > 0, let key else { return nil }
        return storage.withLock { storage in
            guard let slot = storage.entries[key] else { return nil }
            storage.hits += 1
            storage.unlink(slot)
            storage.link(slot)
            return storage.slots[slot].answer
        }
    }

    /// Stores a result, unless it is very large.
    func insert(_ answer: EmbeddingJob.Answer, for key: Key?) {
        guard let key else { return }
        storage.withLock { storage in
            storage.misses += 1
            let bytes = Self.bytes(key, answer)
            guard bytes <= limit / 8, storage.entries[key] == nil else { return }
            storage.add(Slot(key: key, answer: answer), bytes: bytes)
            while storage.bytes > limit, let oldest = storage.oldest { storage.drop(oldest) }
        }
    }

    func report(to statistics: inout EngineStatistics) {
        storage.withLock { storage in
            statistics.cacheHits = storage.hits
            statistics.cacheMisses = storage.misses
            statistics.cacheEntries = storage.entries.count
            statistics.cacheBytes = storage.bytes
        }
    }

    /// Including the overhead of the dictionary and the list.
    fileprivate static func bytes(_ key: Key, _ answer: EmbeddingJob.Answer) -> Int {
        let input =
            switch key.input {
            case .text(let text): text.utf8.count
            case .tokens(let ids): ids.count * 4
            }
        return input + answer.values.count * 4 + 192
    }
}

extension EmbeddingCache.Key {
    /// - Returns: nil for what is not embedded, which is not kept.
    init?(_ kind: EmbeddingJob.Kind, _ input: EmbeddingInput) {
        guard case .embed(let flags) = kind else { return nil }
        self.init(flags: flags, input: input)
    }
}

// MARK: - The list

extension EmbeddingCache.Storage {
    fileprivate mutating func add(_ slot: EmbeddingCache.Slot, bytes: Int) {
        let index = free.popLast() ?? slots.count
        if index == slots.count { slots.append(slot) } else { slots[index] = slot }
        entries[slot.key] = index
        self.bytes += bytes
        link(index)
    }

    fileprivate mutating func drop(_ index: Int) {
        let slot = slots[index]
        unlink(index)
        entries[slot.key] = nil
        bytes -= EmbeddingCache.bytes(slot.key, slot.answer)
        // A free slot keeps neither text nor embedding.
        let nothing = EmbeddingCache.Key(flags: [], input: .tokens([]))
        slots[index] = EmbeddingCache.Slot(
            key: nothing,
            answer: EmbeddingJob.Answer(values: [], reading: TextReading(tokens: 0, isCut: nil)))
        free.append(index)
    }

    /// Puts a slot at the newest end.
    fileprivate mutating func link(_ index: Int) {
        slots[index].older = newest
        slots[index].newer = nil
        if let newest { slots[newest].newer = index }
        newest = index
        oldest = oldest ?? index
    }

    fileprivate mutating func unlink(_ index: Int) {
        let (newer, older) = (slots[index].newer, slots[index].older)
        if let newer { slots[newer].older = older } else { newest = older }
        if let older { slots[older].newer = newer } else { oldest = newer }
    }
}
