/// Blocks of 32 numbers. Byte j of the 16 quant bytes holds number j in its low half and number
/// j + 16 in its high half.
extension Dequantizer {
    /// d f16, quants: y = d (q - 8)
    static func q4_0(_ block: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>) {
        let d = half(block, 0)
        for j in 0..<16 {
            let q = byte(block, 2 + j)
            y[j] = d * Float((q & 15) - 8)
            y[j + 16] = d * Float((q >> 4) - 8)
        }
    }

    /// d f16, m f16, quants: y = d q + m
    static func q4_1(_ block: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>) {
        let (d, m) = (half(block, 0), half(block, 2))
        for j in 0..<16 {
            let q = byte(block, 4 + j)
            y[j] = d * Float(q & 15) + m
            y[j + 16] = d * Float(q >> 4) + m
        }
    }

    /// d f16, the fifth bits u32, quants: y = d (q - 16)
    static func q5_0(_ block: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>) {
        let d = half(block, 0)
        let fifths = Int(load(block, 2, as: UInt32.self))
        for j in 0..<16 {
            let q = byte(block, 6 + j)
            y[j] = d * Float((q & 15 | (fifths >> j & 1) << 4) - 16)
            y[j + 16] = d * Float((q >> 4 | (fifths >> (j + 16) & 1) << 4) - 16)
        }
    }

    /// d f16, m f16, the fifth bits u32, quants: y = d q + m
    static func q5_1(_ block: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>) {
        let (d, m) = (half(block, 0), half(block, 2))
        let fifths = Int(load(block, 4, as: UInt32.self))
        for j in 0..<16 {
            let q = byte(block, 8 + j)
            y[j] = d * Float(q & 15 | (fifths >> j & 1) << 4) + m
            y[j + 16] = d * Float(q >> 4 | (fifths >> (j + 16) & 1) << 4) + m
        }
    }

    /// d f16, 32 signed bytes: y = d q
    static func q8_0(_ block: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>) {
        let d = half(block, 0)
        for j in 0..<32 { y[j] = d * Float(load(block, 2 + j, as: Int8.self)) }
    }

    /// d f16, quants: y = d · table[q]
    static func iq4_nl(_ block: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>) {
        lookUp(block + 2, iq4Values, scale: half(block, 0), y)
    }

    /// An exponent byte e, quants: y = 2^(e - 128) · table[q], where the table holds the numbers of
    /// OCP FP4 (E2M1) twice.
    static func mxfp4(_ block: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>) {
        let e = UInt32(byte(block, 0))
        // The two smallest exponents are subnormal.
        let bits = e < 2 ? 0x0020_0000 << e : (e - 1) << 23
        lookUp(block + 1, fp4Values, scale: Float(bitPattern: bits), y)
    }

    static let iq4Values: [Float] = [
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
    ]
    private static let fp4Values: [Float] = [
        0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12,
    ]

    /// y = scale · table[q] for the 32 four-bit quants of 16 bytes.
    static func lookUp(
        _ quants: UnsafeRawPointer, _ table: [Float], scale: Float,
        _ y: UnsafeMutablePointer<Float>
    ) {
        for j in 0..<16 {
            let q = byte(quants, j)
            y[j] = scale * table[q & 15]
            y[j + 16] = scale * table[q >> 4]
        }
    }
}
