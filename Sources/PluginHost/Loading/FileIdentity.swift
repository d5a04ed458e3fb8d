import Glibc

/// The content of a file at one moment, in memory that goes back to the system at once.
///
/// It is a copy, not a mapping: whoever cuts a mapped file short ends the process that reads it.
final class FileSnapshot: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
    let identity: FileIdentity
    private let memory: UnsafeMutableRawBufferPointer?

    /// Reads the whole of a regular file.
    ///
    /// - Throws: ``StagingError``, also for a file that somebody is writing.
    init(_ path: String) throws {
        let descriptor = try openFile(path)
        defer { close(descriptor) }
        identity = try FileIdentity(of: descriptor, at: path)
        memory = try Self.room(identity.size, path)
        bytes = UnsafeRawBufferPointer(
            memory ?? UnsafeMutableRawBufferPointer(start: nil, count: 0))
        var filled = 0
        while filled < bytes.count {
            let count = read(descriptor, memory!.baseAddress! + filled, bytes.count - filled)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw StagingError.unreadable(path: path, errno: errno) }
            guard count > 0 else { break }
            filled += count
        }
        let after = try FileIdentity(of: descriptor, at: path)
        guard filled == bytes.count, after.hasContent(of: identity) else {
            throw StagingError.changing(path: path)
        }
    }

    /// - Returns: nil for an empty file.
    private static func room(_ size: Int, _ path: String) throws -> UnsafeMutableRawBufferPointer? {
        if size == 0 { return nil }
        let start = mmap(
            nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start, start != MAP_FAILED else {
            throw StagingError.unreadable(path: path, errno: errno)
        }
        return UnsafeMutableRawBufferPointer(start: start, count: size)
    }

    deinit {
        if let memory { munmap(memory.baseAddress!, memory.count) }
    }
}

/// What tells one state of a file from every other, without reading it.
package struct FileIdentity: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
    let size: Int
    let modified: Int
    let changed: Int

    /// - Throws: ``StagingError`` where there is no regular file.
    init(_ path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw StagingError.unreadable(path: path, errno: errno)
        }
        try self.init(status, path)
    }

    init(of descriptor: Int32, at path: String) throws {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw StagingError.unreadable(path: path, errno: errno)
        }
        try self.init(status, path)
    }

    private init(_ status: stat, _ path: String) throws {
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw StagingError.unreadable(path: path, errno: EISDIR)
        }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int(status.st_size)
        modified = status.st_mtim.nanoseconds
        changed = status.st_ctim.nanoseconds
    }

    /// Whether nobody has written to the file in between. That its name went to another file, which changes
    /// its status, is no change of its content.
    func hasContent(of earlier: FileIdentity) -> Bool {
        size == earlier.size && modified == earlier.modified
    }

    /// Whether a change from now on gives another identity: a file system counts time in steps, of up to
    /// two seconds, and two changes within one step look the same.
    var isSettled: Bool {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return now.nanoseconds - max(modified, changed) > 2_000_000_000
    }
}

extension timespec {
    fileprivate var nanoseconds: Int { tv_sec * 1_000_000_000 + tv_nsec }
}
