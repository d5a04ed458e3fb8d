import CHostShims

/// The hash that names staged libraries (FIPS 180-4, section 6.2).
///
/// The serving side links no cryptographic library; this hash only names files and protects
/// nothing.
package struct SHA256 {
    package init() {}

    private var state: [UInt32] = [
        0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A,
        0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
    ]
    private var pending: [UInt8] = []
    private var length: UInt64 = 0

    package static func hexadecimal(_ bytes: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(bytes)
        return hash.hexadecimal
    }

    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        length += UInt64(bytes.count)
        var rest = bytes[...]
        if !pending.isEmpty {
            let head = rest.prefix(64 - pending.count)
            pending += head
            rest = rest.dropFirst(head.count)
            guard pending.count == 64 else { return }
            pending.withUnsafeBytes { absorb($0) }
            pending.removeAll(keepingCapacity: true)
        }
        let whole = rest.prefix(rest.count / 64 * 64)
        absorb(UnsafeRawBufferPointer(rebasing: whole))
        pending += rest.dropFirst(whole.count)
    }

    /// The digest of all that has been put in.
    package var hexadecimal: String {
        var last = self
        let bits = length * 8
        let zeros = (119 - Int(length % 64)) % 64
        last.update([0x80] + [UInt8](repeating: 0, count: zeros))
        last.update((0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * UInt64($0))) })
        return last.state.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }

    /// - Parameter blocks: a multiple of 64 bytes.
    private mutating func absorb(_ blocks: UnsafeRawBufferPointer) {
        guard let start = blocks.baseAddress else { return }
        roost_sha256_blocks(
            &state, start.assumingMemoryBound(to: UInt8.self), blocks.count / 64)
    }
}
