/// Hashes of short byte strings and of pairs of ids, seeded for each process.
enum Hash {
    private static let seed = UInt64.random(in: .min ... .max) | 1

    /// Mixes the two halves of the full product, as multiply-fold hashes do.
    @inline(__always)
    static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    @inline(__always)
    static func of(_ key: UInt64) -> UInt64 { mix(key ^ seed, 0x9E37_79B9_7F4A_7C15) }

    static func of(_ bytes: Span<UInt8>) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: bytes.count)
        let raw = bytes.bytes
        var offset = 0
        while offset + 8 <= raw.byteCount {
            let word = raw.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            state = mix(state ^ word, 0x9E37_79B9_7F4A_7C15)
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < raw.byteCount {
            rest = rest << 8 | UInt64(bytes[offset])
            offset += 1
        }
        return mix(state ^ rest, 0xD6E8_FEB8_6659_FD93)
    }
}
