import CKernels
import Testing

@Suite struct ColumnKernelTests {
    @Test(arguments: Tier.all, RowKernelTests.counts)
    func columnsAreSquaredAroundTheirCenters(_ tier: Tier, _ count: Int) {
        for rows in [0, 1, 2, 7] {
            var noise = Noise(UInt64(count + rows))
            let (x, center) = (noise.floats(rows * count), noise.floats(count))
            var out = [Float](repeating: -7, count: count)
            tier.kernels.column_squares_f32(&out, x, center, rows, count)
            let expected = (0..<count).map { i in
                (0..<rows).reduce(Float(0)) {
                    let distance = x[$1 * count + i] - center[i]
                    return $0 + distance * distance
                }
            }
            #expect(distance(out, expected) < 1e-4)
        }
    }

    @Test(arguments: Tier.all, RowKernelTests.counts)
    func columnsAreScaledShiftedAndActivated(_ tier: Tier, _ count: Int) {
        let rows = 5
        var noise = Noise(UInt64(count))
        let x = noise.floats(rows * count)
        let (scale, shift) = (noise.floats(count), noise.floats(count))
        let linear = x.indices.map { x[$0] * scale[$0 % count] + shift[$0 % count] }
        var out = [Float](repeating: 0, count: x.count)
        tier.kernels.scale_columns_f32(&out, x, scale, shift, rows, count, RK_IDENTITY)
        #expect(distance(out, linear) < 1e-5)
        out = x
        tier.kernels.scale_columns_f32(&out, out, scale, shift, rows, count, RK_RELU)
        #expect(distance(out, linear.map { max($0, 0) }) < 1e-5)
    }
}
