import CVectorIndex
import SearchCollections
import Testing

@Suite(.timeLimit(.minutes(5))) struct VectorTests {
    private static func unit(_ dimensions: Int, _ random: inout SplitMix) -> [Float] {
        let vector = (0..<dimensions).map { _ in random.unit() }
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 / length }
    }

    /// Every tier gives the exact integers of the plain loop, at widths that fill no register.
    @Test(arguments: [1, 3, 63, 64, 65, 384, 768, 1000])
    func everyKernelComputesTheSameIntegers(dimensions: Int) {
        var random = SplitMix(seed: UInt64(dimensions))
        let stride = rv_stride(dimensions)
        let count = 7
        var codes = [UInt8](repeating: 128, count: count * stride)
        for row in 0..<count {
            for index in 0..<dimensions {
                codes[row * stride + index] = UInt8(1 + random.next() % 255)
            }
        }
        var code = [Int8](repeating: 0, count: stride)
        var vector = Self.unit(dimensions, &random)
        vector[0] = 2  // the largest, so that codes reach 127
        let query = rv_query_make(vector, dimensions, &code)
        let expected = (0..<count).map { row in
            (0..<dimensions).reduce(Int32(0)) {
                $0 + Int32(code[$1]) * (Int32(codes[row * stride + $1]) - 128)
            }
        }
        for tier in [RV_BASELINE, RV_AVX2, RV_AVX512] where tier.rawValue <= rv_tier_best().rawValue
        {
            var dots = [Int32](repeating: 0, count: count)
            var query = query
            code.withUnsafeBufferPointer { code in
                query.code = code.baseAddress
                #expect(rv_dots(tier, &query, codes, count, &dots))
            }
            #expect(dots == expected, "tier \(tier.rawValue)")
        }
    }

    @Test(arguments: [1, 7, 8, 15, 16, 17, 384])
    func halfPrecisionProductsAreThoseOfTheFloats(dimensions: Int) {
        var random = SplitMix(seed: 5)
        let a = Self.unit(dimensions, &random)
        let b = Self.unit(dimensions, &random)
        var halves = [UInt16](repeating: 0, count: dimensions)
        rv_half_from_float(b, dimensions, &halves)
        var back = [Float](repeating: 0, count: dimensions)
        rv_half_to_float(halves, dimensions, &back)
        let exact = zip(a, back).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        #expect(abs(exact - Double(rv_dot_half(a, halves, dimensions))) < 1e-6)
        // Eleven bits of each component, and none below the smallest step, 2 to the -24.
        #expect(zip(b, back).allSatisfy { abs($0 - $1) <= max(abs($0) / 2048, 0x1p-25) })
    }

    @Test func aCodeIsWithinHalfAStepOfItsVector() {
        var random = SplitMix(seed: 9)
        let vector = Self.unit(100, &random)
        var code = [UInt8](repeating: 0, count: rv_stride(100))
        var scale: Float = 0
        rv_encode(vector, 100, &code, &scale)
        for (index, value) in vector.enumerated() {
            #expect(abs(value - scale * (Float(code[index]) - 128)) <= scale * 0.5001)
        }
        #expect(code[100...].allSatisfy { $0 == 128 })
    }

    /// The scan keeps what sorting everything would, ties by slot, the dead and the filtered left out.
    @Test(arguments: [1, 5, 64, 1000])
    func theScanKeepsTheBestInAFixedOrder(capacity: Int) {
        let slots = 700
        var random = SplitMix(seed: UInt64(capacity))
        let stride = rv_stride(64)
        var codes = [UInt8](repeating: 128, count: slots * stride)
        var scales = [Float](repeating: 1, count: slots)
        var allowed = [UInt64](repeating: 0, count: slots / 64 + 1)
        for slot in 0..<slots {
            codes[slot * stride] = UInt8(random.next() % 8)  // many ties
            if random.next() % 10 == 0 { scales[slot] = .nan }
            if random.next() % 2 == 0 { allowed[slot >> 6] |= 1 << UInt64(slot & 63) }
        }
        var vector = [Float](repeating: 0, count: 64)
        vector[0] = 1
        var code = [Int8](repeating: 0, count: stride)
        var hits = [rv_hit](repeating: rv_hit(), count: capacity)
        var count = 0
        code.withUnsafeMutableBufferPointer { code in
            hits.withUnsafeMutableBufferPointer { hits in
                var query = rv_query_make(vector, 64, code.baseAddress)
                var best = rv_best(hit: hits.baseAddress, capacity: capacity, count: 0)
                rv_scan(&query, codes, scales, slots, allowed, 0, &best)
                rv_best_sort(&best)
                count = best.count
            }
        }
        let expected = (0..<slots)
            .filter { !scales[$0].isNaN && allowed[$0 >> 6] >> UInt64($0 & 63) & 1 == 1 }
            .sorted { (codes[$0 * stride], $1) > (codes[$1 * stride], $0) }
            .prefix(capacity)
        #expect(hits.prefix(count).map { Int($0.slot) } == Array(expected))
    }

    /// Above the threshold a graph answers, finds nearly what the scan finds, and survives a restart.
    @Test func theGraphFindsWhatTheScanFinds() async throws {
        var options = CollectionOptions()
        options.graphAbove = 1500
        options.batch = 512
        let embedder = HashEmbedder(dimensions: 48)
        let test = TestStore(embedder, options: options)
        let lines = (0..<2000).map { "w\($0) w\($0 % 97) w\($0 % 31)" }
        try await test.put(lines.joined(separator: "\n"), .text)
        try await test.wait()
        let plain = TestStore(embedder)
        try await plain.put(lines.joined(separator: "\n"), .text)
        try await plain.wait()
        try await Self.compare(test, plain)
        // Rows that the graph does not have are scanned, those that went are not found.
        for store in [test, plain] {
            try await store.add("w7 w7 w7 new", .text)
            try await store.store.deleteDocument("topics", id: "8")
            try await store.wait()
        }
        #expect(try await test.ids(CollectionQuery("w7 w7 w7 new", count: 1)) == ["2001"])
        try await Self.compare(test, plain)
        await test.store.close()
        let again = TestStore(embedder, options: options, folder: test.folder)
        try await Self.compare(again, plain)
        await again.remove()
        await plain.remove()
    }

    private static func compare(_ graph: TestStore, _ scan: TestStore) async throws {
        var same = 0
        for word in 0..<50 {
            let query = CollectionQuery("w\(word) w\(word * 3)")
            let expected = Set(try await scan.ids(query))
            same += expected.intersection(try await graph.ids(query)).count
        }
        // 500 neighbours; the graph may miss a few in a hundred.
        #expect(same >= 480)
    }
}
