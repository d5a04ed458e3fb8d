import PluginABI
import PluginTesting
import TestFixtures
import Testing

/// Models with recurrent layers: they do not go back, and give every sequence what it gets alone.
@Suite struct RecurrentTests {
    static let models = ["lfm2", "qwen3-next", "qwen3.5", "mamba2"]

    private func context(_ name: String, sequences: UInt32 = 4) throws -> TestContext {
        try TestModel(Fixtures.find("decoders-tiny/\(name)")).context(sequences: sequences)
    }

    private func tokens(_ count: Int, _ seed: Int) -> [Int32] {
        (0..<count).map { Int32(($0 * $0 * 7 + seed * 131 + $0 * 37) % 500) }
    }

    @Test(arguments: models) func theCapabilityIsNotToGoBack(name: String) throws {
        let flags = try context(name).capabilities.flags
        #expect(flags & UInt32(ROOST_SEQ_TRUNCATE_ANY) == 0)
        #expect(flags & UInt32(ROOST_SEQ_FORK) != 0)
        #expect(flags & UInt32(ROOST_LOGITS_BATCH_INVARIANT) != 0)
    }

    @Test(arguments: models) func aForkOfTheWholeGoesOnLikeItsSource(name: String) throws {
        let context = try context(name)
        let prompt = tokens(60, 1)
        let whole = try context.append(prompt)
        for length in [1, 2, 3, 31, 40] {
            context.clear()
            context.clear(1)
            _ = try context.append(Array(prompt[..<length]))
            try context.fork(0, to: 1, length: UInt32(length))
            let rest = try context.append(Array(prompt[length...]), to: 1)
            #expect(rest == Array(whole[length...]), "fork after \(length)")
            // What the fork appended has not changed the source.
            #expect(try context.append(Array(prompt[length...])) == rest)
        }
    }

    @Test(arguments: models) func thereIsNoWayBackButToNothing(name: String) throws {
        let context = try context(name)
        let prompt = tokens(20, 2)
        let whole = try context.append(prompt)
        let back = #expect(throws: BoundaryError.self) { try context.truncate(0, to: 19) }
        #expect(back?.status == -2)
        #expect(back?.message.contains("cannot return to 19") == true)
        let part = #expect(throws: BoundaryError.self) { try context.fork(0, to: 1, length: 5) }
        #expect(part?.status == -2)
        #expect(try context.length(0) == 20)
        try context.truncate(0, to: 20)
        try context.truncate(0, to: 0)
        #expect(try context.append(prompt) == whole)
    }

    @Test(arguments: models) func afterACancelAllIsAsBefore(name: String) throws {
        let (context, undisturbed) = (try context(name), try context(name))
        let prompt = tokens(9, 3)
        _ = try context.append(prompt)
        _ = try undisturbed.append(prompt)
        for checks in 0...2 {
            #expect(throws: BoundaryError.self) {
                try context.forward([Row(token: 7, position: 9)], checks: checks)
            }
        }
        #expect(try context.append([9, 10]) == undisturbed.append([9, 10]))
    }

    @Test(arguments: models) func theSelfTestPasses(name: String) throws {
        #expect(try context(name).selfTest().hasPrefix(#"{"passed": true"#))
    }

    /// Joins, leaves, forks and cancels in an order that looks like nothing in particular.
    @Test(arguments: models) func randomTrafficGivesEverySequenceWhatItGetsAlone(
        name: String
    ) throws {
        let (together, alone) = (try context(name), try context(name, sequences: 1))
        var random = Numbers(seed: 7)
        var texts = [[Int32]](repeating: [], count: 4)
        for step in 0..<60 {
            let slot = random.next(4)
            switch random.next(8) {
            case 0:
                together.clear(UInt32(slot))
                texts[slot] = []
            case 1 where !texts[slot].isEmpty:
                let other = (slot + 1) % 4
                together.clear(UInt32(other))
                try together.fork(
                    UInt32(slot), to: UInt32(other), length: UInt32(texts[slot].count))
                texts[other] = texts[slot]
            case 2:
                let row = Row(
                    token: 3, sequence: UInt32(slot), position: UInt32(texts[slot].count))
                #expect(throws: BoundaryError.self) { try together.forward([row], checks: 1) }
            default:
                let joining = (0..<4).filter { $0 == slot || random.next(2) == 0 }
                let parts = joining.map { _ in tokens(1 + random.next(9), random.next(1000)) }
                let rows = zip(joining, parts).flatMap { slot, part in
                    part.enumerated().map { index, token in
                        Row(
                            token: token, sequence: UInt32(slot),
                            position: UInt32(texts[slot].count + index))
                    }
                }
                let logits = try together.forward(rows)
                var end = 0
                for (slot, part) in zip(joining, parts) {
                    texts[slot] += part
                    end += part.count
                    alone.clear()
                    #expect(
                        try alone.append(texts[slot]).last == logits[end - 1],
                        "step \(step), sequence \(slot)")
                }
            }
        }
    }
}

/// Numbers that look like nothing in particular: Knuth's linear congruential generator.
private struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }
}
