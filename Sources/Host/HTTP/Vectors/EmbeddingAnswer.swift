import Engine
import FoundationEssentials
package import NIOCore

/// Writes the answer of `/v1/embeddings`.
///
/// Ten thousand vectors are thirty megabytes of JSON, which no tree of values is built for.
package struct EmbeddingAnswer {
    private var buffer = ByteBuffer(string: "{\"object\":\"list\",\"data\":[")
    private var count = 0

    package init() {}

    /// Adds a vector as an array of numbers.
    package mutating func add(_ vector: [Float]) {
        open()
        buffer.writeStaticString("[")
        for (index, value) in vector.enumerated() {
            if index > 0 { buffer.writeStaticString(",") }
            // The shortest digits that give the same number again; a vector is finite.
            buffer.writeString(value.description)
        }
        buffer.writeStaticString("]")
        close()
    }

    /// Adds a vector as base64 of its numbers, float32 in little-endian order.
    package mutating func addBase64(_ vector: [Float]) {
        open()
        let bytes = vector.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }
        buffer.writeStaticString("\"")
        buffer.writeBytes(bytes.base64EncodedData())
        buffer.writeStaticString("\"")
        close()
    }

    package mutating func finish(model: String, tokens: Int) -> ByteBuffer {
        buffer.writeStaticString("],\"model\":\"")
        JSONText.escape(model, into: &buffer)
        buffer.writeString(
            "\",\"usage\":{\"prompt_tokens\":\(tokens),\"total_tokens\":\(tokens)}}")
        return buffer
    }

    private mutating func open() {
        if count > 0 { buffer.writeStaticString(",") }
        buffer.writeString("{\"object\":\"embedding\",\"index\":\(count),\"embedding\":")
        count += 1
    }

    private mutating func close() {
        buffer.writeStaticString("}")
    }
}
