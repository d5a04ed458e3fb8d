import Glibc

/// Where the bytes of an ELF file come from.
protocol ELFSource: AnyObject {
    var count: Int { get }

    /// - Parameter range: lies within `count`.
    /// - Returns: bytes that stay as long as the source does.
    func bytes(_ range: Range<Int>) throws -> UnsafeRawBufferPointer
}

extension ELFSource {
    /// The little-endian integer at `offset`.
    func load<T: FixedWidthInteger>(at offset: UInt64) throws -> T {
        let width = UInt64(MemoryLayout<T>.size)
        guard offset <= UInt64(count), UInt64(count) - offset >= width else {
            throw ELFError.truncated
        }
        let start = Int(offset)
        let bytes = try bytes(start..<start + Int(width))
        return T(littleEndian: bytes.loadUnaligned(as: T.self))
    }

    /// The bytes from `offset` to the next NUL, or the first `limit` of them.
    func text(at offset: UInt64, atMost limit: Int) throws -> UnsafeRawBufferPointer {
        guard offset < UInt64(count) else { throw ELFError.truncated }
        let start = Int(offset)
        let rest = try bytes(start..<start + min(limit, count - start))
        guard let first = rest.baseAddress, let end = memchr(first, 0, rest.count) else {
            guard rest.count == limit else { throw ELFError.truncated }
            return rest
        }
        return UnsafeRawBufferPointer(rebasing: rest[..<(UnsafeRawPointer(end) - first)])
    }
}

/// An ELF file that is in memory as a whole.
final class ELFBytes: ELFSource {
    private let content: UnsafeMutableRawBufferPointer

    init(_ bytes: [UInt8]) {
        content = .allocate(byteCount: bytes.count, alignment: 16)
        content.copyBytes(from: bytes)
    }

    deinit {
        content.deallocate()
    }

    var count: Int { content.count }

    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: content[range])
    }
}
