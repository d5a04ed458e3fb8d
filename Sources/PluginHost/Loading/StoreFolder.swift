import Glibc

/// A folder of the store of private copies that is in use.
///
/// Several hosts may share a store. Users of a folder hold a shared lock on it; removing it takes
/// the exclusive lock, which is granted only while nobody uses it.
package final class StoreFolder: Sendable {
    let path: String
    private let descriptor: Int32

    /// Makes the folder of a content hash if it is not there, and keeps it.
    init(_ hash: String, in store: String) throws {
        path = "\(store)/\(hash)"
        while true {
            try makeFolder(path)
            let descriptor = Self.open(path)
            if descriptor < 0, errno == ENOENT { continue }
            guard descriptor >= 0 else { throw StagingError.unreadable(path: path, errno: errno) }
            // A file system without locks has no other host's either: nothing is ever removed there.
            while flock(descriptor, LOCK_SH) != 0, errno == EINTR {}
            if Self.leads(path, to: descriptor) {
                self.descriptor = descriptor
                return
            }
            // Removed between the making and the locking.
            close(descriptor)
        }
    }

    /// The copies are removed with their last user, in this or another process.
    deinit {
        Self.removeUnused(path, descriptor)
        close(descriptor)
    }

    private static func open(_ path: String) -> Int32 {
        SpareFiles.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }

    private static func leads(_ path: String, to descriptor: Int32) -> Bool {
        var (named, opened) = (stat(), stat())
        return stat(path, &named) == 0 && fstat(descriptor, &opened) == 0
            && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev
    }
}

// MARK: - Removing

extension StoreFolder {
    /// Removes from `store` every copy that nobody uses, in this process or another.
    ///
    /// - Returns: how many.
    package static func prune(_ store: String) -> Int {
        names(in: store).filter(isHash).count { removeUnused("\(store)/\($0)") }
    }

    private static func isHash(_ name: String) -> Bool {
        name.utf8.count == 64 && name.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    }

    private static func removeUnused(_ path: String) -> Bool {
        let descriptor = open(path)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return removeUnused(path, descriptor)
    }

    /// - Returns: false when somebody else uses the folder, or it is gone.
    @discardableResult
    private static func removeUnused(_ path: String, _ descriptor: Int32) -> Bool {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, leads(path, to: descriptor) else {
            return false
        }
        for file in names(in: path) { unlink("\(path)/\(file)") }
        return rmdir(path) == 0
    }
}
