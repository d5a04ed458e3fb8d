/// The content of a JSON string, between its quotes.
package enum JSONEscapes {
    /// Passes the text to `write` in pieces, with those bytes escaped that must be: one piece if
    /// there are none.
    package static func write(_ text: String, _ write: (UnsafeBufferPointer<UInt8>) -> Void) {
        var text = text
        text.withUTF8 { bytes in
            var plain = 0
            for index in bytes.indices where needsEscape(bytes[index]) {
                if plain < index { write(UnsafeBufferPointer(rebasing: bytes[plain..<index])) }
                escape(of: bytes[index]).withUnsafeBufferPointer(write)
                plain = index + 1
            }
            if plain < bytes.count { write(UnsafeBufferPointer(rebasing: bytes[plain...])) }
        }
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func escape(of byte: UInt8) -> [UInt8] {
        let letter: Unicode.Scalar? =
            switch Unicode.Scalar(byte) {
            case "\n": "n"
            case "\r": "r"
            case "\t": "t"
            case "\u{8}": "b"
            case "\u{C}": "f"
            case "\"", "\\": Unicode.Scalar(byte)
            default: nil
            }
        if let letter { return [UInt8(ascii: "\\"), UInt8(ascii: letter)] }
        return Array("\\u00".utf8) + [hex[Int(byte >> 4)], hex[Int(byte & 15)]]
    }

    private static let hex = Array("0123456789abcdef".utf8)
}
