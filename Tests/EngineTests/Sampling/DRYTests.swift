import Engine
import Foundation
import PluginHost
import Testing

@Suite struct DRYTests {
    private func distribution(
        _ history: [Int32], tokens: Int, _ vocabulary: Vocabulary? = nil,
        _ change: (inout SamplingParameters) -> Void
    ) throws -> [Float] {
        try sampler(history, vocabulary, change)
            .distribution([Float](repeating: 0, count: tokens))
    }

    private func sampler(
        _ history: [Int32], _ vocabulary: Vocabulary? = nil,
        _ change: (inout SamplingParameters) -> Void
    ) -> Sampler {
        var parameters = SamplingParameters()
        (parameters.dryMultiplier, parameters.dryBase, parameters.dryBreakers) = (1, 1.1, [])
        change(&parameters)
        var sampler = Sampler(parameters, vocabulary: vocabulary, seed: 0)
        for token in history { sampler.append(token, generated: false) }
        return sampler
    }

    private func expectEqual(
        _ found: [Float], _ expected: [Float], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(found.count == expected.count, sourceLocation: sourceLocation)
        for (index, pair) in zip(found, expected).enumerated() {
            #expect(abs(pair.0 - pair.1) <= 2e-6, "at \(index)", sourceLocation: sourceLocation)
        }
    }

    /// llama.cpp, tests/test-sampling.cpp: 0 1 2 0 1 with the base 1.1 leaves 0.109232 for 2, which would
    /// make the run of two longer; 0 1 alone leaves all as they are.
    @Test func aTokenThatGoesOnWithARunIsWeaker() throws {
        expectEqual(
            try distribution([0, 1, 2, 0, 1], tokens: 4) { _ in },
            [0.296923, 0.296923, 0.109232, 0.296923])
        expectEqual(try distribution([0, 1], tokens: 4) { _ in }, [0.25, 0.25, 0.25, 0.25])
    }

    @Test func theWindowAndTheAllowedLengthAreHonoured() throws {
        let history: [Int32] = [0, 1, 2, 0, 1]
        let even: [Float] = [0.25, 0.25, 0.25, 0.25]
        expectEqual(try distribution(history, tokens: 4) { $0.dryWindow = 4 }, even)
        expectEqual(try distribution(history, tokens: 4) { $0.dryWindow = 0 }, even)
        expectEqual(try distribution(history, tokens: 4) { $0.dryAllowedLength = 3 }, even)
        // 2 · 3^(2 - 1) = 6
        let strong = try distribution(history, tokens: 4) {
            ($0.dryMultiplier, $0.dryBase, $0.dryAllowedLength) = (2, 3, 1)
        }
        let weight = Float(exp(-6.0))
        expectEqual(strong, [1, 1, weight, 1].map { $0 / (3 + weight) })
    }

    @Test func aBreakerEndsARunAndIsFreeItself() throws {
        // "ab.cab.": behind the last dot there is no run.
        let dot: Int32 = 46
        let text: [Int32] = [97, 98, dot, 99, 97, 98]
        func penalized(_ history: [Int32], _ breakers: [String]) throws -> [Int] {
            let found = try distribution(history, tokens: 258, .bytes) {
                $0.dryBreakers = breakers
            }
            return found.indices.filter { found[$0] < 0.003 }
        }
        #expect(try penalized(text, []) == [46])
        #expect(try penalized(text, ["."]) == [])
        #expect(try penalized(text + [dot], []) == [99])
        #expect(try penalized(text + [dot], ["."]) == [])
        // A breaker of two tokens; "b." is one that no token holds.
        #expect(try penalized(text + [dot], ["b."]) == [])
        #expect(try penalized(text + [dot], ["bc"]) == [99])
    }

    @Test func aBreakerMayLieWithinATokenOrAcrossTwo() throws {
        let pieces = ["x\n\ny", "a", "b", "\n", "\n "].map { Array($0.utf8) }
        let vocabulary = Vocabulary(pieces: pieces)
        func isFree(_ history: [Int32]) throws -> Bool {
            let found = try distribution(history, tokens: 5, vocabulary) {
                $0.dryBreakers = ["\n\n"]
            }
            return found.allSatisfy { abs($0 - 0.2) < 1e-6 }
        }
        #expect(try !isFree([1, 2, 1, 1, 2]))
        #expect(try isFree([1, 0, 2, 1, 0]))
        #expect(try isFree([1, 3, 4, 2, 1, 3, 4]))
        #expect(try !isFree([3, 1, 4, 2, 3, 1, 4]))
    }

    /// The plain version: every run is compared with the end, token by token.
    @Test func lengthsAreThoseOfThePlainVersion() throws {
        var random = TestRandom(state: 11)
        for _ in 0..<200 {
            let history = (0..<Int.random(in: 1...40, using: &random)).map { _ in
                Int32.random(in: 0..<3, using: &random)
            }
            let allowed = Int.random(in: 0...4, using: &random)
            let window = Bool.random(using: &random) ? -1 : Int.random(in: 1...40, using: &random)
            let found = try distribution(history, tokens: 4) {
                ($0.dryAllowedLength, $0.dryWindow) = (allowed, window)
            }
            let recent = Array(history.suffix(window < 0 ? history.count : window))
            var weights = [Double](repeating: 1, count: 4)
            if recent.count > allowed {
                for token in 0..<3 {
                    let lengths = recent.indices.dropFirst().filter { recent[$0] == token }.map {
                        zip(recent[..<$0].reversed(), recent.reversed()).prefix { $0 == $1 }.count
                    }
                    guard let length = lengths.max(), length >= allowed else { continue }
                    weights[token] = exp(-pow(1.1, Double(length - allowed)))
                }
            }
            let sum = weights.reduce(0, +)
            expectEqual(found, weights.map { Float($0 / sum) })
        }
    }

    @Test func aRunWithoutEndLeavesFiniteLogits() throws {
        var sampler = sampler([Int32](repeating: 1, count: 3000)) {
            ($0.dryMultiplier, $0.dryBase) = (100, 100)
        }
        let logits: [Float] = [0, 0]
        let token = try logits.withUnsafeBufferPointer {
            try sampler.choose(from: $0, with: SamplingWorkspace())
        }
        #expect(token == 0)
    }
}
