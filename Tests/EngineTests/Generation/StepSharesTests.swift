import Engine
import Testing

@Suite struct StepSharesTests {
    @Test func runningStreamsComeBeforePrompts() {
        #expect(StepShares.divide([100, 1, 1, 1], budget: 8) == [5, 1, 1, 1])
    }

    @Test func promptsShareEquallyAndAShortOneLeavesItsRest() {
        #expect(StepShares.divide([100, 3, 100], budget: 21) == [9, 3, 9])
    }

    @Test func nothingIsLeftOverWhileThereIsWork() {
        var random = TestRandom(state: 4)
        for _ in 0..<500 {
            let pending = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                Bool.random(using: &random) ? 1 : Int.random(in: 2...40, using: &random)
            }
            let budget = Int.random(in: 1...64, using: &random)
            let shares = StepShares.divide(pending, budget: budget)
            #expect(shares.reduce(0, +) == min(budget, pending.reduce(0, +)))
            #expect(zip(shares, pending).allSatisfy { $0 <= $1 })
        }
    }

    @Test func whenRowsAreFewTheFirstInOrderGetThem() {
        #expect(StepShares.divide([1, 1, 1], budget: 2) == [1, 1, 0])
        #expect(StepShares.divide([9, 5, 7], budget: 2) == [1, 1, 0])
    }
}
