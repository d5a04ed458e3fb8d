import CZlib

/// Decompresses data as it arrives: gzip (RFC 1952), also with several members, or zlib (RFC 1950).
///
/// It holds no more than the piece that was appended and the piece that it returns, however large
/// the output is; limiting the total is up to the caller.
package final class Inflater {
    package enum Format: Sendable {
        case gzip
        case zlib

        fileprivate var windowBits: Int32 {
            switch self {
            case .gzip: 15 + 16
            case .zlib: 15
            }
        }
    }

    private enum Place {
        case inData
        /// After the checksum, where gzip may have another member.
        case behind
    }

    private let format: Format
    private let stream: UnsafeMutablePointer<z_stream>
    private var input: [UInt8] = []
    private var position = 0
    private var place = Place.inData

    package static let piece = 64 << 10

    package init(_ format: Format) {
        self.format = format
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // It fails only for lack of memory, and `inflate` reports a stream that was not
        // initialized.
        _ = roost_inflate_init(stream, format.windowBits)
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Whether data begins as a gzip file does.
    package static func isGzip(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0x1F, 0x8B, 0x08])
    }

    /// Adds the next piece of the compressed data.
    package func append(_ bytes: [UInt8]) {
        input.removeFirst(position)
        position = 0
        input += bytes
    }

    /// The next piece of the decompressed data, of up to `Inflater.piece` bytes.
    ///
    /// - Returns: nil if more has to be appended first.
    package func next() throws(InflateError) -> [UInt8]? {
        while position < input.count {
            if place == .behind, try !beginMember() { return nil }
            let output = try inflateOnce()
            if !output.isEmpty { return output }
        }
        // zlib still holds output of input that is used up.
        guard place == .inData else { return nil }
        let output = try inflateOnce()
        return output.isEmpty ? nil : output
    }

    /// Marks the end of the input. Read what is left first.
    package func finish() throws(InflateError) {
        guard place == .behind else { throw .cutShort }
    }

    /// - Returns: false if only padding zeros follow, which fill up a tape's block.
    private func beginMember() throws(InflateError) -> Bool {
        if format == .gzip {
            while position < input.count, input[position] == 0 { position += 1 }
            guard position < input.count else { return false }
        }
        guard format == .gzip, input[position] == 0x1F else { throw .trailing }
        guard inflateReset(stream) == Z_OK else { throw .damaged("the decoder is in no state") }
        place = .inData
        return true
    }

    private func inflateOnce() throws(InflateError) -> [UInt8] {
        var status = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: Self.piece) { buffer, count in
            input.withUnsafeMutableBufferPointer { input in
                stream.pointee.next_in = input.baseAddress.map { $0 + position }
                stream.pointee.avail_in = UInt32(clamping: input.count - position)
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(buffer.count)
                let before = stream.pointee.avail_in
                status = inflate(stream, Z_NO_FLUSH)
                position += Int(before - stream.pointee.avail_in)
            }
            count = buffer.count - Int(stream.pointee.avail_out)
        }
        switch status {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: place = .behind
        case Z_MEM_ERROR: throw .damaged("there is no memory to decode it")
        default:
            throw .damaged(stream.pointee.msg.map { String(cString: $0) } ?? "code \(status)")
        }
        return output
    }
}

/// Why data is not what it claims to be.
package enum InflateError: Error, Equatable {
    case damaged(String)
    case cutShort
    case trailing
}

extension InflateError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .damaged(let reason): "the compressed data is damaged: \(reason)"
        case .cutShort: "the compressed data ends before its checksum"
        case .trailing: "something else follows the end of the compressed data"
        }
    }
}
