#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A regular file mapped read-only and shared: several processes that open it share one copy in
/// memory.
///
/// Every offset is checked against `count`, the length at the time of opening. Truncating the file
/// under a running process is the one thing that a mapping cannot be protected from.
public final class MappedFile: @unchecked Sendable {
    public let path: String
    private let bytes: UnsafeRawBufferPointer

    /// - Throws: `CheckpointError.unreadable` or `.notAFile`.
    public init(_ path: String) throws {
        // Without O_NONBLOCK the open of a named pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw CheckpointError.unreadable(reason: errorMessage()) }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw CheckpointError.unreadable(reason: errorMessage())
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw CheckpointError.notAFile }
        self.path = path
        bytes = try Self.map(descriptor, length: Int(status.st_size))
    }

    deinit {
        if let base = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
        }
    }

    /// `mmap` refuses a length of zero; an empty file is an empty buffer.
    private static func map(_ descriptor: CInt, length: Int) throws -> UnsafeRawBufferPointer {
        if length == 0 { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let base = mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, 0)
        guard let base, base != MAP_FAILED else {
            throw CheckpointError.unreadable(reason: errorMessage())
        }
        return UnsafeRawBufferPointer(start: base, count: length)
    }
}

extension MappedFile {
    public var count: Int { bytes.count }

    /// A little-endian integer, aligned or not.
    func load<T: FixedWidthInteger>(_ offset: Int, as _: T.Type = T.self) -> T {
        precondition(offset >= 0 && offset <= count - MemoryLayout<T>.size)
        return withExtendedLifetime(self) {
            T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
        }
    }

    subscript(_ offset: Int) -> UInt8 { load(offset) }

    /// The bytes of `range` as text, or nil if they are not UTF-8.
    func text(_ range: Range<Int>) -> String? {
        withBytes(range) { String(validating: $0, as: UTF8.self) }
    }

    func array(_ range: Range<Int>) -> [UInt8] { withBytes(range) { Array($0) } }

    /// - Throws: `CheckpointError.gitPointer` for the pointer that Git LFS leaves in place of a
    ///   large file.
    func requireNoPointer() throws {
        let start = Self.pointerStart
        guard count >= start.count, array(0..<start.count) == start else { return }
        throw CheckpointError.gitPointer
    }

    private static let pointerStart = Array("version https://git-lfs".utf8)

    /// Hints that what was read need not stay in memory; it is loaded again when it is read again.
    func forgetResidentPages() {
        if let base = bytes.baseAddress {
            madvise(UnsafeMutableRawPointer(mutating: base), bytes.count, MADV_DONTNEED)
        }
    }

    /// The bytes of `range`, valid while the closure runs or the file lives.
    func withBytes<R>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return withExtendedLifetime(self) { body(UnsafeRawBufferPointer(rebasing: bytes[range])) }
    }
}

/// The C library's message for `errno`.
private func errorMessage() -> String {
    strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
}
