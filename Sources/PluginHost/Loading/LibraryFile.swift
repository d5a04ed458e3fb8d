import Glibc

/// A library's file, of which only the requested parts are read: a loader looks at little of it.
///
/// They are copies, not mappings: truncating a mapped file ends the process that reads it.
final class LibraryFile: ELFSource {
    /// Bytes that a library may have.
    static let largest = 4 << 30
    /// How many bytes of it may be read into memory.
    private static let budget = 512 << 20
    private static let partSize = 1 << 16

    let path: String
    let identity: FileIdentity
    private let descriptor: Int32
    /// Address space for all of it, which takes memory only where a part was read.
    private let room: UnsafeMutableRawBufferPointer
    private var isRead: [Bool]
    private var left = LibraryFile.budget

    /// - Throws: ``StagingError`` where there is no regular file.
    init(_ path: String) throws {
        let descriptor = try openFile(path)
        do {
            identity = try FileIdentity(of: descriptor, at: path)
            room = try Self.room(min(identity.size, Self.largest), path)
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
        isRead = Array(repeating: false, count: (room.count + Self.partSize - 1) / Self.partSize)
    }

    deinit {
        if room.count > 0 { munmap(room.baseAddress!, room.count) }
        close(descriptor)
    }

    var count: Int { identity.size }

    /// - Throws: ``StagingError``, or ``ELFError`` for a file whose tables are larger than any library's.
    func bytes(_ range: Range<Int>) throws -> UnsafeRawBufferPointer {
        guard range.upperBound <= room.count else { throw ELFError.tooLarge(bytes: count) }
        if !range.isEmpty {
            for part in range.lowerBound / Self.partSize...(range.upperBound - 1) / Self.partSize
            where !isRead[part] {
                try read(part)
            }
        }
        return UnsafeRawBufferPointer(rebasing: room[range])
    }

    /// Its SHA-256, in hexadecimal.
    func hash() throws -> String {
        lseek(descriptor, 0, SEEK_SET)
        var hash = SHA256()
        try forEachPiece(of: descriptor, path) { piece in
            hash.update(piece)
            return true
        }
        return hash.hexadecimal
    }

    /// Reads what belongs together.
    ///
    /// - Throws: what `body` throws; ``StagingError`` instead where somebody was writing the file meanwhile.
    func consistently<Value>(_ body: () throws -> Value) throws -> Value {
        let result = Result { try body() }
        guard try FileIdentity(of: descriptor, at: path).hasContent(of: identity) else {
            throw StagingError.changing(path: path)
        }
        return try result.get()
    }
}

extension LibraryFile {
    private func read(_ part: Int) throws {
        let start = part * Self.partSize
        let end = min(start + Self.partSize, room.count)
        left -= end - start
        guard left >= 0 else {
            throw ELFError.malformed("tables of more than \(Self.budget >> 20) MB")
        }
        var filled = start
        while filled < end {
            let count = pread(descriptor, room.baseAddress! + filled, end - filled, filled)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw StagingError.unreadable(path: path, errno: errno) }
            guard count > 0 else { throw StagingError.changing(path: path) }
            filled += count
        }
        isRead[part] = true
    }

    private static func room(_ size: Int, _ path: String) throws -> UnsafeMutableRawBufferPointer {
        if size == 0 { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        let start = mmap(
            nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let start, start != MAP_FAILED else {
            throw StagingError.unreadable(path: path, errno: errno)
        }
        return UnsafeMutableRawBufferPointer(start: start, count: size)
    }
}
