import Glibc
import Synchronization

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

/// What is known about libraries, so that no unchanged file is read twice.
final class FileFacts: Sendable {
    static let shared = FileFacts()

    /// What of a library says where its copy goes and what goes along.
    struct Library: Sendable {
        let hash: String
        let needed: [String]
        let runPath: [String]
    }

    private struct Known {
        var hashes: [FileIdentity: String] = [:]
        var libraries: [FileIdentity: Library] = [:]
    }

    /// When it is full, all entries are dropped, and current files are read again.
    private static let most = 512

    private let known = Mutex(Known())
    /// Files that are being read: a second reader waits and uses the result.
    private let reading = Monitor<Set<FileIdentity>>([])

    /// - Throws: ``StagingError`` or ``ELFError``; a file that is no library is not read for it.
    func library(_ path: String) throws -> Library {
        try fact(\.libraries, of: path) { file in
            let elf = try ELFFile(file)
            let (needed, runPath) = (try elf.neededLibraries, try elf.runPath)
            return Library(hash: try file.hash(), needed: needed, runPath: runPath)
        }
    }

    /// The SHA-256 of a file, in hexadecimal.
    func hash(_ path: String) throws -> String {
        try fact(\.hashes, of: path) { try $0.hash() }
    }

    private func fact<Fact: Sendable>(
        _ facts: any WritableKeyPath<Known, [FileIdentity: Fact]> & Sendable, of path: String,
        read: (LibraryFile) throws -> Fact
    ) throws -> Fact {
        let identity = try FileIdentity(path)
        if let fact = known.withLock({ $0[keyPath: facts][identity] }) { return fact }
        _ = reading.wait { $0.insert(identity).inserted ? true : nil }
        defer { reading.withLock { _ = $0.remove(identity) } }
        if let fact = known.withLock({ $0[keyPath: facts][identity] }) { return fact }
        let file = try LibraryFile(path)
        let fact = try file.consistently { try read(file) }
        note(file.identity) { $0[keyPath: facts][file.identity] = fact }
        return fact
    }

    /// Records the facts of a file that the caller has just written.
    func note(_ hash: String, of path: String) {
        guard let identity = try? FileIdentity(path) else { return }
        known.withLock { $0.hashes[identity] = hash }
    }

    private func note(_ identity: FileIdentity, _ change: (inout Known) -> Void) {
        guard identity.isSettled else { return }
        known.withLock { known in
            if known.hashes.count + known.libraries.count >= Self.most { known = Known() }
            change(&known)
        }
    }
}
