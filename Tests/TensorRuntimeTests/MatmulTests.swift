import TensorRuntime
import Testing

@Suite struct MatmulTests {
    @Test func aProductIsRowsTimesColumns() throws {
        for (m, k, n) in [(1, 1, 1), (3, 5, 2), (17, 33, 65), (40, 7, 16), (2, 1100, 257)] {
            var noise = Noise(UInt64(m * n))
            let (a, b) = (noise.floats(m * k), noise.floats(k * n))
            let plain = (0..<m * n).map { at in
                Float(
                    (0..<k).reduce(0.0) {
                        $0 + Double(a[at / n * k + $1]) * Double(b[$1 * n + at % n])
                    })
            }
            let c = try matmul(Tensor(a, [m, k]), Tensor(b, [k, n]))
            #expect(c.shape == [m, n])
            #expect(distance(c.floats, plain) < 5e-4)
        }
    }

    @Test func sidesThatDoNotMeetAreRefused() {
        #expect(
            throws: TensorError.shape(
                of: "the right of a matrix product", found: [4, 2], expected: "[3, N]")
        ) { try matmul(Tensor(zeros: [2, 3]), Tensor(zeros: [4, 2])) }
    }
}
