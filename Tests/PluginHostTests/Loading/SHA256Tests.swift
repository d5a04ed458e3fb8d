import CHostShims
import PluginHost
import Testing

@Suite struct SHA256Tests {
    /// The examples of FIPS 180-4 as NIST publishes them, and the padding's edges.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func publishedDigestsAreReproduced(text: String, digest: String) {
        #expect(SHA256.hexadecimal(Array(text.utf8)) == digest)
    }

    @Test func piecesOfAnySizeGiveTheDigestOfTheWhole() {
        let message = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let whole = SHA256.hexadecimal(message)
        for size in [1, 3, 55, 56, 63, 64, 65, 127, 128, 999] {
            var hash = SHA256()
            for start in stride(from: 0, to: message.count, by: size) {
                hash.update(Array(message[start..<min(start + size, message.count)]))
            }
            #expect(hash.hexadecimal == whole, "pieces of \(size)")
        }
    }

    /// A machine has the processor's instructions or not; both ways are looked at wherever this runs.
    @Test func theStandardsOwnWayGivesWhatTheProcessorGives() {
        let bytes = (0..<64 * 7).map { UInt8(truncatingIfNeeded: $0 * $0 + 3) }
        var (plain, fast) = ([UInt32](1...8), [UInt32](1...8))
        roost_sha256_plain(&plain, bytes, 7)
        roost_sha256_blocks(&fast, bytes, 7)
        #expect(plain == fast)
    }

    @Test func aMillionLettersGiveThePublishedDigest() {
        let digest = SHA256.hexadecimal([UInt8](repeating: 0x61, count: 1_000_000))
        #expect(digest == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }
}
