import Engine
import Testing

@Suite struct StepCostTests {
    /// 20 ms, and 2 ms for each row beyond eight.
    private func time(_ rows: Int) -> Duration { .milliseconds(20 + max(0, rows - 8) * 2) }

    @Test func nothingIsKnownWithoutAStep() {
        #expect(StepCost().rows(within: .seconds(1)) == nil)
    }

    @Test func stepsGrowToWhatFitsAndNotBeyond() {
        var cost = StepCost()
        cost.note(rows: 1, time(1))
        var sizes: [Int] = []
        for _ in 0..<20 {
            let rows = cost.rows(within: .milliseconds(180)) ?? 0
            sizes.append(rows)
            cost.note(rows: rows, time(rows))
        }
        #expect(sizes.prefix(4) == [2, 4, 8, 16])
        // 88 rows take 180 ms.
        #expect(sizes.allSatisfy { time($0) <= .milliseconds(185) }, "\(sizes)")
        #expect(sizes.suffix(10).allSatisfy { (84...88).contains($0) }, "\(sizes)")
    }

    @Test func aLongPromptAloneSaysWhatAShareOfItTakes() {
        var cost = StepCost()
        cost.note(rows: 512, .milliseconds(1000))
        #expect(cost.rows(within: .milliseconds(200)) == 102)
        cost.note(rows: 1, .milliseconds(20))
        // Between one row and 512 in a straight line.
        #expect(cost.rows(within: .milliseconds(200)) == 94)
    }

    @Test func rowsThatBecomeDearerAreFewer() {
        var cost = StepCost()
        for _ in 0..<4 { cost.note(rows: 100, .milliseconds(150)) }
        for _ in 0..<8 { cost.note(rows: 100, .milliseconds(300)) }
        let rows = cost.rows(within: .milliseconds(180)) ?? 0
        #expect((55...62).contains(rows), "\(rows)")
    }

    @Test func oneSlowStepIsForgotten() {
        var cost = StepCost()
        for rows in [1, 60, 128] { cost.note(rows: rows, time(rows)) }
        cost.note(rows: 128, .seconds(5))
        for _ in 0..<12 {
            let rows = cost.rows(within: .milliseconds(180)) ?? 0
            cost.note(rows: rows, time(rows))
        }
        #expect((cost.rows(within: .milliseconds(180)) ?? 0) >= 75)
    }

    @Test func timesThatAreNoneTeachNothing() {
        var cost = StepCost()
        cost.note(rows: 0, .seconds(1))
        cost.note(rows: 5, .zero)
        #expect(cost.rows(within: .seconds(1)) == nil)
        cost.note(rows: 1 << 30, .seconds(1))
        #expect((cost.rows(within: .nanoseconds(1)) ?? 0) >= 1)
    }
}
