package import NIOCore

/// Writes JSON by hand where it is written for every token.
package enum JSONText {
    private static let hex = Array("0123456789abcdef".utf8)

    /// Appends `text` as the inside of a JSON string, without the quotes.
    package static func escape(_ text: String, into buffer: inout ByteBuffer) {
        var text = text
        text.withUTF8 { bytes in
            var plain = 0
            for index in bytes.indices where needsEscape(bytes[index]) {
                buffer.writeBytes(bytes[plain..<index])
                write(escapeOf: bytes[index], into: &buffer)
                plain = index + 1
            }
            buffer.writeBytes(bytes[plain...])
        }
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func write(escapeOf byte: UInt8, into buffer: inout ByteBuffer) {
        switch byte {
        case UInt8(ascii: "\n"): buffer.writeStaticString("\\n")
        case UInt8(ascii: "\r"): buffer.writeStaticString("\\r")
        case UInt8(ascii: "\t"): buffer.writeStaticString("\\t")
        case UInt8(ascii: "\""): buffer.writeStaticString("\\\"")
        case UInt8(ascii: "\\"): buffer.writeStaticString("\\\\")
        default:
            buffer.writeStaticString("\\u00")
            buffer.writeInteger(hex[Int(byte >> 4)])
            buffer.writeInteger(hex[Int(byte & 15)])
        }
    }
}
