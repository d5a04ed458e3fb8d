import CKernels
import Testing

@Suite struct WindowKernelTests {
    /// An image of 3 × 4 pixels, enlarged to 5 × 8 and padded by one on the left and above, in windows
    /// of 2 × 3; and the same not enlarged.
    @Test(arguments: Tier.all, [1, 5, 16, 33])
    func windowsArePixelsInRowsWithZerosAround(_ tier: Tier, _ channels: Int) {
        var noise = Noise(UInt64(channels))
        let image = noise.floats(3 * 4 * channels)
        let maps: [([Int32], [Int32])] = [
            ([-1, 0, 0, 1, 1, 2], [-1, 0, 0, 1, 1, 2, 2, 3, 3]),
            ([-1, 0, 1, 2], [-1, 0, 1, 2, 3]),
        ]
        for (rows, columns) in maps {
            for stride in [1, 2] {
                let perRow = (columns.count - 3) / stride + 1
                let count = ((rows.count - 2) / stride + 1) * perRow
                let depth = 2 * 3 * channels
                var out = [Float](repeating: -7, count: (count - 1) * depth + 1)
                image.withUnsafeBufferPointer { image in
                    rows.withUnsafeBufferPointer { rows in
                        columns.withUnsafeBufferPointer { columns in
                            var windows = rk_windows(
                                image: image.baseAddress, width: 4, channels: channels,
                                window_height: 2, window_width: 3, stride: stride,
                                per_row: perRow, rows: rows.baseAddress,
                                columns: columns.baseAddress)
                            // All but the first: what lies behind must stay as it was.
                            tier.kernels.lay_windows_f32(&out, &windows, 1, count - 1)
                        }
                    }
                }
                #expect(out.removeLast() == -7)
                let expected = (1..<count).flatMap { window in
                    (0..<depth).map { place -> Float in
                        let (u, v) = (place / channels / 3, place / channels % 3)
                        let row = rows[window / perRow * stride + u]
                        let column = columns[window % perRow * stride + v]
                        guard row >= 0, column >= 0 else { return 0 }
                        return image[(Int(row) * 4 + Int(column)) * channels + place % channels]
                    }
                }
                #expect(out == expected)
            }
        }
    }
}
