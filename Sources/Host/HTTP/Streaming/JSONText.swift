import JSON
package import NIOCore

/// Writes JSON by hand where it is written for every token.
package enum JSONText {
    /// Appends `text` as the inside of a JSON string, without the quotes.
    package static func escape(_ text: String, into buffer: inout ByteBuffer) {
        JSONEscapes.write(text) { buffer.writeBytes($0) }
    }
}
