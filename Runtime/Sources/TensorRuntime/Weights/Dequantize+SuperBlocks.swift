import CKernels

/// Blocks of 256 numbers: one or two half-precision factors, and a small scale for each group.
extension Dequantizer {
    /// 16 scale bytes (scale low, minimum high), 64 quants of two bits, d f16, dmin f16.
    ///
    ///     y = (d · scale) q - dmin · minimum, in 16 groups of 16
    static func q2_K(_ block: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>) {
        let (d, dmin) = (half(block, 80), half(block, 82))
        for group in 0..<16 {
            let scale = byte(block, group)
            let (step, minimum) = (d * Float(scale & 15), dmin * Float(scale >> 4))
            for j in 0..<16 {
                let q = twoBits(block + 16, group * 16 + j)
                y[group * 16 + j] = step * Float(q) - minimum
            }
        }
    }

    /// The third bits (32 bytes), 64 quants of two bits, 16 scales of six bits, d f16.
    ///
    ///     y = d (scale - 32) · (q - 4), in 16 groups of 16
    static func q3_K(_ block: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>) {
        let d = half(block, 108)
        for group in 0..<16 {
            let low = byte(block, 96 + group % 8) >> (group / 8 * 4) & 15
            let high = byte(block, 104 + group % 4) >> (group / 4 * 2) & 3
            let step = d * Float((low | high << 4) - 32)
            for j in 0..<16 {
                let i = group * 16 + j
                let third = byte(block, i % 32) >> (i / 32) & 1
                y[i] = step * Float((twoBits(block + 32, i) | third << 2) - 4)
            }
        }
    }

    /// d f16, dmin f16, 12 bytes of scales and minima, 128 quant bytes.
    ///
    ///     y = (d · scale) q - dmin · minimum, in 8 groups of 32
    static func q4_K(_ block: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>) {
        let (d, dmin) = (half(block, 0), half(block, 2))
        for group in 0..<8 {
            let (scale, minimum) = sixBits(block + 4, group)
            let (step, offset) = (d * Float(scale), dmin * Float(minimum))
            for j in 0..<32 {
                y[group * 32 + j] = step * Float(fourBits(block + 16, group, j)) - offset
            }
        }
    }

    /// As `q4_K`, with the fifth bits (32 bytes, bit g for group g) before the quants.
    static func q5_K(_ block: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>) {
        let (d, dmin) = (half(block, 0), half(block, 2))
        for group in 0..<8 {
            let (scale, minimum) = sixBits(block + 4, group)
            let (step, offset) = (d * Float(scale), dmin * Float(minimum))
            for j in 0..<32 {
                let fifth = byte(block, 16 + j) >> group & 1
                let q = fourBits(block + 48, group, j) | fifth << 4
                y[group * 32 + j] = step * Float(q) - offset
            }
        }
    }

    /// 128 bytes of low halves, 64 bytes of two high bits, 16 signed scales, d f16.
    ///
    ///     y = (d · scale) (q - 32), in 16 groups of 16
    static func q6_K(_ block: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>) {
        let d = half(block, 208)
        for group in 0..<16 {
            let step = d * Float(load(block, 192 + group, as: Int8.self))
            for j in 0..<16 {
                // Of each half of 128: numbers 0…63 are the low halves of its 64 bytes, the
                // others the high halves.
                let i = group * 16 + j
                let (upper, within) = (i / 128, i % 128)
                let low = byte(block, upper * 64 + within % 64) >> (within / 64 * 4) & 15
                y[i] = step * Float((low | twoBits(block + 128, i) << 4) - 32)
            }
        }
    }

    /// d f16, high scale bits u16, 4 bytes of low scale bits, 128 quant bytes.
    ///
    ///     y = d (scale - 32) · table[q], in 8 groups of 32
    static func iq4_xs(_ block: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>) {
        let d = half(block, 0)
        let highs = Int(load(block, 2, as: UInt16.self))
        for group in 0..<8 {
            let low = byte(block, 4 + group / 2) >> (group % 2 * 4) & 15
            let scale = low | (highs >> (2 * group) & 3) << 4
            lookUp(
                block + 8 + group * 16, iq4Values, scale: d * Float(scale - 32), y + group * 32)
        }
    }

    /// IQ1, IQ2 and IQ3, whose numbers are entries of codebooks.
    ///
    ///     y = (d · step · scale) · value[code], in 16 groups of 16
    static func coded(_ element: ElementType) -> Block {
        let format = rk_block_format(rawValue: element.rawValue)
        let coding = rk_coding_of(format)
        return { source, y in
            var block = rk_coded_block()
            rk_unpack_coded(format, source, &block)
            let d = Float(Float16(bitPattern: block.d)) * coding.step
            withUnsafePointer(to: block) { block in
                let scales =
                    UnsafeRawPointer(block) + MemoryLayout.offset(of: \rk_coded_block.scales)!
                let codes =
                    UnsafeRawPointer(block) + MemoryLayout.offset(of: \rk_coded_block.codes)!
                for i in 0..<256 {
                    let step = d * Float(load(scales, i / 16, as: Int8.self))
                    y[i] = step * Float(coding.values[byte(codes, i)])
                }
            }
        }
    }

    /// 48 + 4 bytes of five (four) ternary digits each, d f16: y = d (q - 1)
    static func tq1_0(_ block: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>) {
        let d = half(block, 52)
        var i = 0
        // A run of bytes gives its first digits, then all its second digits, and so on.
        for (start, count, digits) in [(0, 32, 5), (32, 16, 5), (48, 4, 4)] {
            var power: UInt8 = 1
            for _ in 0..<digits {
                for j in 0..<count {
                    // The byte is a fraction of 256; its first ternary digit is ⌊3 · fraction⌋.
                    let fraction = UInt8(truncatingIfNeeded: byte(block, start + j)) &* power
                    y[i] = d * Float((Int(fraction) * 3) >> 8 - 1)
                    i += 1
                }
                power &*= 3
            }
        }
    }

    /// 64 bytes of two-bit quants, d f16: y = d (q - 1)
    static func tq2_0(_ block: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>) {
        let d = half(block, 64)
        for i in 0..<256 { y[i] = d * Float(twoBits(block, i) - 1) }
    }
}

// MARK: - Packed numbers

extension Dequantizer {
    /// Number i of 256 two-bit numbers: 32 bytes hold 128 of them, a quarter in each pair of bits.
    private static func twoBits(_ bytes: UnsafeRawPointer, _ i: Int) -> Int {
        byte(bytes, i / 128 * 32 + i % 32) >> (i % 128 / 32 * 2) & 3
    }

    /// Number j of a group of 32 four-bit numbers: two groups share 32 bytes.
    private static func fourBits(_ bytes: UnsafeRawPointer, _ group: Int, _ j: Int) -> Int {
        byte(bytes, group / 2 * 32 + j) >> (group % 2 * 4) & 15
    }

    /// Scale and minimum of one of eight groups, six bits each, in 12 bytes: the first four groups
    /// have a byte for each, whose upper two bits belong to the last four.
    private static func sixBits(
        _ bytes: UnsafeRawPointer, _ group: Int
    ) -> (scale: Int, minimum: Int) {
        if group < 4 { return (byte(bytes, group) & 63, byte(bytes, group + 4) & 63) }
        let low = byte(bytes, group + 4)
        return (
            scale: low & 15 | (byte(bytes, group - 4) >> 6) << 4,
            minimum: low >> 4 | (byte(bytes, group) >> 6) << 4
        )
    }
}
