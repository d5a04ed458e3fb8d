import TensorRuntime
import Testing

@Suite struct KVCacheTests {
    static let (heads, kvHeads, size) = (4, 2, 8)

    /// Attention for the next rows of a sequence, with keys and values that follow from
    /// the seed and the position alone.
    static func step(
        _ cache: KVCache, _ sequence: Int, rows count: Int, seed: UInt64, commit: Bool = true,
        windows: [Int?] = [nil]
    ) throws -> [Float] {
        let from = try cache.length(of: sequence)
        let rows = SequenceRows(sequence: sequence, from: from, count: count)
        let numbers = { (heads: Int, salt: UInt64) in
            let all = (from..<from + count).flatMap { position -> [Float] in
                var noise = Noise(seed &* 7919 &+ UInt64(position) &* 31 &+ salt)
                return noise.floats(heads * size)
            }
            return Tensor(all, [count, heads, size])
        }
        try cache.begin(rows)
        let out = try windows.enumerated().flatMap { layer, window in
            try attention(
                queries: numbers(heads, 1), keys: numbers(kvHeads, 2), values: numbers(kvHeads, 3),
                cache: cache, layer: layer, rows: rows, scale: 0.35, window: window
            ).floats
        }
        if commit { cache.commit() } else { cache.rollback() }
        return out
    }

    static func cache(sequences: Int = 3, positions: Int = 100) throws -> KVCache {
        try KVCache(
            layers: 1, kvHeads: kvHeads, headSize: size, sequences: sequences, positions: positions)
    }

    @Test func oneBatchOrManyGiveTheSameBits() throws {
        let (whole, parts) = (try Self.cache(), try Self.cache())
        let all = try Self.step(whole, 0, rows: 70, seed: 1)
        let pieces = try [1, 30, 1, 1, 36, 1].flatMap {
            try Self.step(parts, 0, rows: $0, seed: 1)
        }
        #expect(all == pieces)
    }

    @Test func sequencesInOneBatchDoNotSeeEachOther() throws {
        let (together, apart) = (try Self.cache(), try Self.cache())
        let first = try Self.step(apart, 0, rows: 3, seed: 1)
        let second = try Self.step(apart, 2, rows: 2, seed: 1)
        let rows = SequenceRows(sequences: [0, 0, 0, 2, 2], positions: [0, 1, 2, 0, 1])
        try together.begin(rows)
        let numbers = { (heads: Int, salt: UInt64) in
            let all = rows.positions.flatMap { position -> [Float] in
                var noise = Noise(7919 &+ UInt64(position) &* 31 &+ salt)
                return noise.floats(heads * Self.size)
            }
            return Tensor(all, [5, heads, Self.size])
        }
        let out = try attention(
            queries: numbers(Self.heads, 1), keys: numbers(Self.kvHeads, 2),
            values: numbers(Self.kvHeads, 3), cache: together, layer: 0, rows: rows, scale: 0.35)
        together.commit()
        #expect(out.floats == first + second)
        #expect(try together.length(of: 0) == 3)
        #expect(try together.length(of: 1) == 0)
        #expect(try together.length(of: 2) == 2)
    }

    @Test func aBatchThatIsRolledBackLeavesNoTrace() throws {
        let (clean, disturbed) = (try Self.cache(), try Self.cache())
        for cache in [clean, disturbed] { _ = try Self.step(cache, 0, rows: 40, seed: 1) }
        let bytes = disturbed.byteCount
        _ = try Self.step(disturbed, 0, rows: 50, seed: 9, commit: false)
        #expect(disturbed.byteCount == bytes)
        #expect(try disturbed.length(of: 0) == 40)
        #expect(
            try Self.step(clean, 0, rows: 5, seed: 1)
                == Self.step(disturbed, 0, rows: 5, seed: 1))
    }

    @Test func aForkSharesPagesAndBothGoOnAlone() throws {
        let (forked, reference) = (try Self.cache(), try Self.cache())
        for cache in [forked, reference] { _ = try Self.step(cache, 0, rows: 70, seed: 1) }
        let bytes = forked.byteCount
        try forked.fork(0, to: 1, length: 50)
        #expect(forked.byteCount == bytes)
        #expect(try forked.length(of: 1) == 50)

        try reference.truncate(0, to: 50)
        let expected = try Self.step(reference, 0, rows: 10, seed: 2)
        #expect(try Self.step(forked, 1, rows: 10, seed: 2) == expected)

        let undisturbed = try Self.cache()
        _ = try Self.step(undisturbed, 0, rows: 70, seed: 1)
        #expect(
            try Self.step(forked, 0, rows: 3, seed: 1)
                == Self.step(undisturbed, 0, rows: 3, seed: 1))
    }

    @Test func truncatingAndClearingGivePagesBack() throws {
        let cache = try Self.cache()
        #expect(cache.byteCount == 0)
        _ = try Self.step(cache, 0, rows: 65, seed: 1)
        let page = cache.byteCount / 3
        #expect(page == Self.kvHeads * KVCache.pageBytes(headSize: Self.size, element: .f16))
        try cache.truncate(0, to: 64)
        #expect(cache.byteCount == 2 * page)
        try cache.clear(0)
        #expect(cache.byteCount == 0)
    }

    @Test func aBatchThatDoesNotContinueOrFitIsRefusedWhole() throws {
        let cache = try Self.cache(sequences: 2, positions: 40)
        _ = try Self.step(cache, 0, rows: 39, seed: 1)
        let bytes = cache.byteCount
        #expect(throws: TensorError.full(sequence: 0, positions: 40)) {
            try cache.begin(SequenceRows(sequences: [1, 0, 0], positions: [0, 39, 40]))
        }
        #expect(throws: TensorError.brokenOrder(sequence: 1, found: 3, expected: 0)) {
            try cache.begin(SequenceRows(sequence: 1, from: 3, count: 1))
        }
        #expect(throws: TensorError.outOfRange("a sequence", found: 2, expected: 0..<2)) {
            try cache.begin(SequenceRows(sequence: 2, from: 0, count: 1))
        }
        #expect(throws: TensorError.self) { try cache.fork(0, to: 1, length: 40) }
        #expect(cache.byteCount == bytes)
        _ = try Self.step(cache, 0, rows: 1, seed: 1)
    }

    @Test func interleavedRowsOfSequencesKeepTheirPlaces() throws {
        let rows = SequenceRows(sequences: [0, 1, 0, 1], positions: [5, 0, 6, 1])
        let cache = try Self.cache(sequences: 2)
        #expect(throws: TensorError.brokenOrder(sequence: 0, found: 5, expected: 0)) {
            try cache.begin(rows)
        }
        _ = try Self.step(cache, 0, rows: 5, seed: 1)
        try cache.begin(rows)
        cache.commit()
        #expect(try cache.length(of: 0) == 7)
        #expect(try cache.length(of: 1) == 2)
    }
}

// MARK: - Windows

extension KVCacheTests {
    static let windows: [Int?] = [40, nil, 1]

    /// - Parameter keepsAll: for a reference that lets go of nothing.
    private static func cache(keepsAll: Bool, positions: Int = 500) throws -> KVCache {
        try KVCache(
            layers: 3, kvHeads: kvHeads, headSize: size, sequences: 3, positions: positions,
            windows: keepsAll ? nil : windows)
    }

    @Test func layersWithAWindowKeepOnlyItsPagesAndGiveTheSameBits() throws {
        let (windowed, whole) = (
            try Self.cache(keepsAll: false), try Self.cache(keepsAll: true)
        )
        let page = Self.kvHeads * KVCache.pageBytes(headSize: Self.size, element: .f16)
        for rows in [1, 30, 1, 1, 64, 33, 100, 1, 31, 1, 1, 120] {
            let found = try Self.step(windowed, 0, rows: rows, seed: 4, windows: Self.windows)
            #expect(try found == Self.step(whole, 0, rows: rows, seed: 4, windows: Self.windows))
            let length = try windowed.length(of: 0)
            let most = Self.windows.reduce(0) {
                $0 + KVCache.pages(positions: length, window: $1)
            }
            #expect(windowed.byteCount <= most * page)
        }
        #expect(whole.byteCount == 3 * 12 * page)
        #expect(windowed.byteCount <= (12 + 3 + 1) * page)
    }

    @Test func aForkOfAWindowGoesOnLikeItsSource() throws {
        let (forked, whole) = (
            try Self.cache(keepsAll: false), try Self.cache(keepsAll: true)
        )
        for cache in [forked, whole] {
            _ = try Self.step(cache, 0, rows: 150, seed: 1, windows: Self.windows)
        }
        try forked.fork(0, to: 2, length: 150)
        _ = try Self.step(forked, 0, rows: 100, seed: 7, windows: Self.windows)
        let found = try Self.step(forked, 2, rows: 90, seed: 1, windows: Self.windows)
        #expect(try found == Self.step(whole, 0, rows: 90, seed: 1, windows: Self.windows))
    }

    @Test func aSequenceReturnsToWhatItsWindowsStillHave() throws {
        let (windowed, whole) = (
            try Self.cache(keepsAll: false), try Self.cache(keepsAll: true)
        )
        #expect(!windowed.remembersAll && whole.remembersAll)
        for cache in [windowed, whole] {
            _ = try Self.step(cache, 0, rows: 200, seed: 1, windows: Self.windows)
        }
        // The layer with a window of 40 has the pages from position 160 on.
        #expect(try windowed.earliestReturn(of: 0) == 199)
        #expect(
            throws: TensorError.outOfRange(
                "the length of sequence 0", found: 198, expected: 199..<201)
        ) { try windowed.truncate(0, to: 198) }
        #expect(throws: TensorError.self) { try windowed.fork(0, to: 1, length: 198) }
        for cache in [windowed, whole] { try cache.truncate(0, to: 199) }
        let found = try Self.step(windowed, 0, rows: 40, seed: 2, windows: Self.windows)
        #expect(try found == Self.step(whole, 0, rows: 40, seed: 2, windows: Self.windows))
        try windowed.clear(0)
        #expect(windowed.byteCount == 0)
        try whole.clear(0)
        let again = try Self.step(windowed, 0, rows: 40, seed: 3, windows: Self.windows)
        #expect(try again == Self.step(whole, 0, rows: 40, seed: 3, windows: Self.windows))
    }

    @Test func aBatchThatIsRolledBackLosesNothingOfAWindow() throws {
        let (windowed, whole) = (
            try Self.cache(keepsAll: false), try Self.cache(keepsAll: true)
        )
        for cache in [windowed, whole] {
            _ = try Self.step(cache, 0, rows: 70, seed: 1, windows: Self.windows)
        }
        _ = try Self.step(
            windowed, 0, rows: 90, seed: 9, commit: false, windows: Self.windows)
        let found = try Self.step(windowed, 0, rows: 50, seed: 1, windows: Self.windows)
        #expect(try found == Self.step(whole, 0, rows: 50, seed: 1, windows: Self.windows))
    }

    @Test(arguments: [(40, 40, true), (95, 33, true), (97, 33, false), (500, 250, true)])
    func aWindowOfMoreThanHalfOfASequenceIsNone(
        _ positions: Int, _ window: Int, _ remembersAll: Bool
    ) throws {
        let cache = try KVCache(
            layers: 1, kvHeads: 1, headSize: 8, sequences: 1, positions: positions,
            windows: [window])
        #expect(cache.remembersAll == remembersAll)
    }

    @Test(
        arguments: [
            (0, 5, 0), (1, nil, 1), (32, nil, 1), (33, 33, 2), (500, 40, 3), (500, 33, 2),
            (500, 34, 2), (500, 35, 3), (500, 1, 1),
        ] as [(Int, Int?, Int)])
    func aWindowNeedsSoManyPages(_ positions: Int, _ window: Int?, _ pages: Int) {
        #expect(KVCache.pages(positions: positions, window: window) == pages)
    }
}
