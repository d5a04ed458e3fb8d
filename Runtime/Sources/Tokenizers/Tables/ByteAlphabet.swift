/// GPT-2's spelling of bytes: each is one printable character, so that any bytes make a JSON
/// string.
///
/// Printable Latin-1 stands for itself; the other bytes are U+0100 and up, in their order.
enum ByteAlphabet {
    private static let printable: [ClosedRange<UInt32>] = [0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF]

    /// The byte of each character below U+0144, or nil.
    private static let bytes: [UInt8?] = {
        var bytes = [UInt8?](repeating: nil, count: 0x144)
        var next = 0x100
        for byte in UInt32(0)...255 {
            if printable.contains(where: { $0.contains(byte) }) {
                bytes[Int(byte)] = UInt8(byte)
            } else {
                bytes[next] = UInt8(byte)
                next += 1
            }
        }
        return bytes
    }()

    /// Appends the bytes that `spelling` stands for.
    ///
    /// - Returns: false, with nothing appended, if one of its characters stands for none.
    static func append(_ spelling: Span<UInt8>, to strings: inout ByteStrings) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: spelling.count) { buffer in
            guard let count = decode(spelling, into: buffer) else { return false }
            strings.append(UnsafeBufferPointer(rebasing: buffer[..<count]).span)
            return true
        }
    }

    /// - Returns: the count of bytes, which is at most that of `spelling`.
    private static func decode(
        _ spelling: Span<UInt8>, into result: UnsafeMutableBufferPointer<UInt8>
    ) -> Int? {
        var count = 0
        var index = 0
        while index < spelling.count {
            var character = UInt32(spelling[index])
            index += 1
            if character >= 0x80 {
                // Two bytes encode up to U+07FF; anything longer stands for nothing.
                guard character & 0xE0 == 0xC0, index < spelling.count else { return nil }
                character = (character & 0x1F) << 6 | UInt32(spelling[index] & 0x3F)
                index += 1
            }
            guard character < bytes.count, let byte = bytes[Int(character)] else { return nil }
            result[count] = byte
            count += 1
        }
        return count
    }
}
