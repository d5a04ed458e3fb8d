package import Engine
import FoundationEssentials
package import NIOCore

/// Writes the answer of `/v1/embeddings` piece by piece.
///
/// Ten thousand vectors are forty megabytes of JSON: no tree of values is built, and the text is
/// never in memory as a whole.
package struct EmbeddingAnswer {
    private var buffer = ByteBuffer(string: "{\"object\":\"list\",\"data\":[")
    private var count = 0

    package init() {}

    /// What has been written since the last call.
    package mutating func take() -> ByteBuffer {
        defer { buffer = ByteBuffer() }
        return buffer
    }

    /// Adds a vector as an array of numbers, which are finite.
    package mutating func add(_ vector: [Float], _ reading: TextReading) {
        open()
        buffer.writeStaticString("[")
        let most = vector.count * (Self.longestNumber + 1)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: most) {
            Self.write(vector, to: $0)
        }
        buffer.writeStaticString("]")
        close(reading)
    }

    /// Adds a vector as base64 of its numbers, float32 in little-endian order.
    package mutating func addBase64(_ vector: [Float], _ reading: TextReading) {
        open()
        let bytes = vector.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }
        buffer.writeStaticString("\"")
        buffer.writeBytes(bytes.base64EncodedData())
        buffer.writeStaticString("\"")
        close(reading)
    }

    /// - Parameter truncated: whether the end of any text was cut off.
    package mutating func finish(model: String, tokens: Int, truncated: Bool?) {
        buffer.writeStaticString("],\"model\":\"")
        JSONText.escape(model, into: &buffer)
        buffer.writeString(
            "\",\"truncated\":\(Self.text(truncated)),"
                + "\"usage\":{\"prompt_tokens\":\(tokens),\"total_tokens\":\(tokens)}}")
    }

    private static let longestNumber = 16

    /// Writes numbers separated by commas; all at once, because accessing a buffer for each of
    /// millions takes as long as the digits do.
    private static func write(_ vector: [Float], to bytes: UnsafeMutableRawBufferPointer) -> Int {
        var end = 0
        for (index, value) in vector.enumerated() {
            if index > 0 {
                bytes[end] = UInt8(ascii: ",")
                end += 1
            }
            // The shortest digits that give the same number again.
            var digits = value.description
            end += digits.withUTF8 { digits in
                UnsafeMutableRawBufferPointer(rebasing: bytes[end...]).copyMemory(
                    from: UnsafeRawBufferPointer(digits))
                return digits.count
            }
        }
        return end
    }

    private mutating func open() {
        if count > 0 { buffer.writeStaticString(",") }
        buffer.writeString("{\"object\":\"embedding\",\"index\":\(count),\"embedding\":")
        count += 1
    }

    private mutating func close(_ reading: TextReading) {
        buffer.writeString(
            ",\"tokens\":\(reading.tokens),\"truncated\":\(Self.text(reading.isCut))}")
    }

    private static func text(_ flag: Bool?) -> String {
        flag.map { "\($0)" } ?? "null"
    }
}
