import TensorRuntime
import Testing

/// The states of recurrent layers, and the operations on them, against their equations.
@Suite struct SequenceStatesTests {
    private func numbers(_ shape: [Int], _ seed: Int) -> Tensor {
        let count = shape.reduce(1, *)
        return Tensor((0..<count).map { Float(($0 * 37 + seed * 11) % 19) / 10 - 0.9 }, shape)
    }

    private func committing<T>(
        _ states: SequenceStates, _ rows: SequenceRows, _ body: () throws -> T
    ) throws -> T {
        try states.begin(rows)
        let result = try body()
        states.commit()
        return result
    }

    @Test func aConvolutionSeesNoPositionAfterItsOwn() throws {
        let filter = try CausalConvolution(
            Tensor([1, 2, 3, 10, 20, 30], [2, 3]), bias: Tensor([0.5, 0], [2]))
        let states = SequenceStates(sizes: [filter.stateSize], sequences: 1)
        let x = Tensor([1, 1, 2, 2, 3, 3, 4, 4], [4, 2])
        let rows = SequenceRows(sequence: 0, from: 0, count: 4)
        let y = try committing(states, rows) { try filter(x, states, slot: 0, rows: rows) }
        // 3·1; 2·1 + 3·2; 1·1 + 2·2 + 3·3; 1·2 + 2·3 + 3·4
        #expect(y.floats == [3.5, 30, 8.5, 80, 14.5, 140, 20.5, 200])
    }

    @Test func aConvolutionGoesOnWhereItsSequenceWas() throws {
        let filter = try CausalConvolution(numbers([300, 4], 1))
        let x = numbers([7, 300], 2)
        let whole = SequenceStates(sizes: [filter.stateSize], sequences: 1)
        let all = SequenceRows(sequence: 0, from: 0, count: 7)
        let expected = try committing(whole, all) { try filter(x, whole, slot: 0, rows: all) }
        let states = SequenceStates(sizes: [filter.stateSize], sequences: 1)
        let found = try [0..<1, 1..<3, 3..<7].flatMap { part in
            let rows = SequenceRows(sequence: 0, from: part.lowerBound, count: part.count)
            return try committing(states, rows) {
                try filter(x.rows(part), states, slot: 0, rows: rows).floats
            }
        }
        #expect(found == expected.floats)
    }

    @Test func theDeltaRuleIsItsEquation() throws {
        let (n, heads, k, v) = (5, 2, 3, 4)
        let (q, keys, values) = (
            numbers([n, 1, k], 1), numbers([n, 1, k], 2), numbers([n, heads, v], 3)
        )
        let decay = Tensor((0..<n * heads).map { 0.9 - Float($0) * 0.05 }, [n, heads])
        let rate = Tensor((0..<n * heads).map { 0.2 + Float($0) * 0.07 }, [n, heads])
        let states = SequenceStates(sizes: [heads * k * v], sequences: 1)
        let rows = SequenceRows(sequence: 0, from: 0, count: n)
        let found = try committing(states, rows) {
            try gatedDeltaRule(
                queries: q, keys: keys, values: values, keyHeads: [0, 0], decay: decay,
                rate: rate, states: states, slot: 0, rows: rows)
        }.floats
        for head in 0..<heads {
            var s = [[Double]](repeating: [Double](repeating: 0, count: v), count: k)
            for row in 0..<n {
                let (g, b) = (
                    Double(decay.floats[row * heads + head]),
                    Double(rate.floats[row * heads + head])
                )
                let key = (0..<k).map { Double(keys.floats[row * k + $0]) }
                for j in 0..<v {
                    for i in 0..<k { s[i][j] *= g }
                    let answer = (0..<k).reduce(0) { $0 + s[$1][j] * key[$1] }
                    let value = Double(values.floats[(row * heads + head) * v + j])
                    for i in 0..<k { s[i][j] += key[i] * b * (value - answer) }
                    let y = (0..<k).reduce(0) { $0 + s[$1][j] * Double(q.floats[row * k + $1]) }
                    #expect(abs(Double(found[(row * heads + head) * v + j]) - y) < 1e-5)
                }
            }
        }
    }

    @Test func theScanIsItsEquation() throws {
        let (n, heads, p, size) = (5, 2, 3, 4)
        let (x, b, c) = (
            numbers([n, heads, p], 1), numbers([n, 1, size], 2), numbers([n, 1, size], 3)
        )
        let steps = Tensor((0..<n * heads).map { 0.1 + Float($0) * 0.05 }, [n, heads])
        let rates = Tensor([-0.5, -1.5], [2])
        let states = SequenceStates(sizes: [heads * size * p], sequences: 1)
        let rows = SequenceRows(sequence: 0, from: 0, count: n)
        let found = try committing(states, rows) {
            try selectiveScan(
                x, inputs: b, outputs: c, steps: steps, rates: rates, states: states, slot: 0,
                rows: rows)
        }.floats
        for head in 0..<heads {
            var s = [[Double]](repeating: [Double](repeating: 0, count: p), count: size)
            for row in 0..<n {
                let step = Double(steps.floats[row * heads + head])
                let decay = exponential(step * Double(rates.floats[head]))
                for j in 0..<p {
                    let value = Double(x.floats[(row * heads + head) * p + j])
                    for i in 0..<size {
                        s[i][j] = decay * s[i][j] + step * Double(b.floats[row * size + i]) * value
                    }
                    let y = (0..<size).reduce(0) {
                        $0 + s[$1][j] * Double(c.floats[row * size + $1])
                    }
                    #expect(abs(Double(found[(row * heads + head) * p + j]) - y) < 1e-5)
                }
            }
        }
    }

    /// By its series, so that the test has its own.
    private func exponential(_ x: Double) -> Double {
        (1...30).reversed().reduce(1) { 1 + x / Double($1) * $0 }
    }

    @Test func aRollbackAndAForkLeaveTheSourceAsItWas() throws {
        let filter = try CausalConvolution(Tensor([1, 1], [1, 2]))
        let states = SequenceStates(sizes: [filter.stateSize], sequences: 2)
        let append = { (sequence: Int, value: Float, keep: Bool) in
            let rows = SequenceRows(sequence: sequence, from: 0, count: 1)
            try states.begin(rows)
            let y = try filter(Tensor([value], [1, 1]), states, slot: 0, rows: rows).floats[0]
            keep ? states.commit() : states.rollback()
            return y
        }
        #expect(try append(0, 5, true) == 5)
        #expect(try append(0, 7, false) == 12)
        try states.fork(0, to: 1)
        #expect(try append(1, 1, true) == 6)
        #expect(try append(0, 2, true) == 7)
        #expect(try append(1, 1, true) == 2)
        try states.clear(0)
        #expect(try append(0, 3, true) == 3)
    }

    @Test func whatDoesNotFitIsAnError() throws {
        let filter = try CausalConvolution(Tensor([1, 1], [1, 2]))
        let states = SequenceStates(sizes: [3], sequences: 1)
        let rows = SequenceRows(sequence: 0, from: 0, count: 1)
        try states.begin(rows)
        defer { states.rollback() }
        #expect(throws: TensorError.self) {
            try filter(Tensor([1], [1, 1]), states, slot: 0, rows: rows)
        }
        #expect(throws: TensorError.self) {
            try filter(Tensor([1, 2], [1, 2]), states, slot: 0, rows: rows)
        }
        #expect(throws: TensorError.self) {
            try filter(Tensor([1], [1, 1]), states, slot: 1, rows: rows)
        }
        #expect(throws: TensorError.self) { try states.fork(0, to: 1) }
    }
}
