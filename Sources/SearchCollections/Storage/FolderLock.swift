#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reserves a folder for one host until it is released or the process ends, however it ends.
///
/// A second host would take the first one's unfinished imports for leftovers of a crash.
final class FolderLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `CollectionError.folderInUse`; `cannotOpen` if no file can be created.
    init(_ folder: String) throws(CollectionError) {
        let path = folder + "/" + Self.fileName
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .cannotOpen(path: path, reason: String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .folderInUse(folder)
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    static let fileName = "lock"
}
