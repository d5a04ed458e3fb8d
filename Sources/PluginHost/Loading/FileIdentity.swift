import Glibc

/// Identifies one state of a file, without reading it.
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

    /// Whether nobody has written to the file in between. A rename changes its status, but not its
    /// content.
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
