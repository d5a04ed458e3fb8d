#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file that has no name until it is whole, so that nothing is left of one that was not finished, even
/// by a process that was killed.
final class UnfinishedFile {
    private let path: String
    private let descriptor: CInt
    /// Where a file system has no files without names.
    private let temporary: String?

    /// - Throws: `CheckpointError.exists`, unless it may be replaced, `.unwritable`.
    init(_ path: String, replacing: Bool) throws {
        guard replacing || !Directory.holds(path) else { throw CheckpointError.exists }
        self.path = path
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let nameless = open(folder, O_WRONLY | O_CLOEXEC | Self.nameless, 0o644)
        if nameless >= 0 {
            (descriptor, temporary) = (nameless, nil)
            return
        }
        let name = "\(path).partial-\(getpid())"
        let named = open(name, O_WRONLY | O_CLOEXEC | O_CREAT | O_EXCL, 0o644)
        guard named >= 0 else { throw CheckpointError.unwritable(reason: Self.reason) }
        (descriptor, temporary) = (named, name)
    }

    deinit {
        close(descriptor)
        if let temporary { unlink(temporary) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
            let count = write(descriptor, start, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw CheckpointError.unwritable(reason: Self.reason) }
            rest = rest.dropFirst(count)
        }
    }

    /// Gives the file its name.
    func finish(replacing: Bool) throws {
        guard fsync(descriptor) == 0 else {
            throw CheckpointError.unwritable(reason: Self.reason)
        }
        var name = temporary ?? path
        if temporary == nil {
            if replacing {
                name = "\(path).partial-\(getpid())"
                unlink(name)
            }
            let source = "/proc/self/fd/\(descriptor)"
            guard linkat(AT_FDCWD, source, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 else {
                throw errno == EEXIST
                    ? CheckpointError.exists : CheckpointError.unwritable(reason: Self.reason)
            }
        } else if !replacing, Directory.holds(path) {
            throw CheckpointError.exists
        }
        guard name == path || rename(name, path) == 0 else {
            let reason = Self.reason
            unlink(name)
            throw CheckpointError.unwritable(reason: reason)
        }
    }

    /// `O_TMPFILE`, which C makes of several constants.
    private static let nameless = 0o20_000_000 | O_DIRECTORY

    private static var reason: String {
        strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
    }
}
